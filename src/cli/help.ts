/** Help that teaches: every command shows examples and its exit statuses below its options. */
import type { Command } from "commander";
import { EXIT, type ExitStatus } from "../error.ts";

export interface Example {
  readonly command: string;
  /** What it does, one line. */
  readonly does: string;
}

const MEANING: Readonly<Record<ExitStatus, string>> = {
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

/** Adds examples and the exit statuses that the command uses beyond 0, 1, 2 and 70, which all do. */
export function addTeaching(
  command: Command,
  teaching: { readonly examples: readonly Example[]; readonly exits?: readonly ExitStatus[] },
): Command {
  const examples = teaching.examples.map(({ command: line, does }) => `  ${does}:\n    $ ${line}`).join("\n");
  const always: readonly ExitStatus[] = [EXIT.done, EXIT.failed, EXIT.usage, EXIT.bug];
  const exits = [...new Set([...always, ...(teaching.exits ?? [])])].sort((a, b) => a - b);
  const statuses = exits.map((status) => `  ${String(status).padEnd(4)}${MEANING[status]}`).join("\n");
  return command.addHelpText("after", `\nExamples:\n${examples}\n\nExit status:\n${statuses}`);
}
