/** Help that teaches: every command shows examples and its exit statuses below its options. */
import type { Command } from "commander";
import { EXIT, type ExitStatus } from "../error.ts";

export interface Example {
  readonly command: string;
  /** What it does, one line. */
  readonly does: string;
}

/** What a command teaches beyond its options; manual pages and docs/cli.md show the same. */
export interface Teaching {
  readonly examples: readonly Example[];
  /** Each with its meaning. */
  readonly exits: readonly { readonly status: ExitStatus; readonly meaning: string }[];
}

export const EXIT_MEANING: Readonly<Record<ExitStatus, string>> = {
  [EXIT.done]: "done",
  [EXIT.failed]: "failed",
  [EXIT.usage]: "wrong usage",
  [EXIT.notTrusted]: "not trusted: a signature, key, sequence or digest that must not be believed",
  [EXIT.notApplicable]: "not applicable to this device",
  [EXIT.noSpace]: "no space",
  [EXIT.medium]: "a problem with the medium or layout",
  [EXIT.busy]: "busy: another bootferry holds the lock",
  [EXIT.bug]: "a bug in bootferry",
};

const TEACHINGS = new WeakMap<Command, Teaching>(); // commander has no room for it

/** Adds examples and the exit statuses that the command uses beyond 0, 1, 2 and 70, which all do. */
export function addTeaching(
  command: Command,
  teaching: { readonly examples: readonly Example[]; readonly exits?: readonly ExitStatus[] },
): Command {
  const always: readonly ExitStatus[] = [EXIT.done, EXIT.failed, EXIT.usage, EXIT.bug];
  const statuses = [...new Set([...always, ...(teaching.exits ?? [])])].sort((a, b) => a - b);
  const exits = statuses.map((status) => ({ status, meaning: EXIT_MEANING[status] }));
  TEACHINGS.set(command, { examples: teaching.examples, exits });
  const lines = exits.map(({ status, meaning }) => `  ${String(status).padEnd(4)}${meaning}`).join("\n");
  return command.addHelpText("after", `\nExamples:\n${formatExamples(teaching.examples)}\n\nExit status:\n${lines}`);
}

/** Below the verbs of a group: how people begin. */
export function addStart(group: Command, examples: readonly Example[]): Command {
  TEACHINGS.set(group, { examples, exits: [] });
  return group.addHelpText("after", `\nStart here:\n${formatExamples(examples)}`);
}

/** Undefined for a command that has none. */
export function teachingOf(command: Command): Teaching | undefined {
  return TEACHINGS.get(command);
}

function formatExamples(examples: readonly Example[]): string {
  return examples.map(({ command, does }) => `  ${introduce(does)}\n    $ ${command}`).join("\n");
}

/** `Look first` is followed by a colon, a question is not. */
export function introduce(does: string): string {
  return does.endsWith("?") ? does : `${does}:`;
}
