/** What a command line was for, as far as its words say: to name it where it is refused. */
import type { Command } from "commander";

export interface CalledCommand {
  /** `bootferry release create` */
  readonly name: string;
  /** Options that the command does not have. */
  readonly unknownOptions: readonly string[];
}

/** @param args without node and the script: `["release", "create", "--key", "a"]` */
export function findCalled(program: Command, args: readonly string[]): CalledCommand {
  let command = program;
  const words = [program.name()];
  for (const word of args) {
    const next = command.commands.find((each) => each.name() === word || each.aliases().includes(word));
    if (next === undefined) break;
    command = next;
    words.push(command.name());
  }
  const known = new Set(command.options.map(({ long }) => long));
  const end = args.indexOf("--");
  const given = (end < 0 ? args : args.slice(0, end)).filter((word) => /^--[a-z]/.test(word));
  const unknown = given.map((word) => word.replace(/=.*/s, "")).filter((option) => !known.has(option));
  return { name: words.join(" "), unknownOptions: unknown.filter((option) => option !== "--help") };
}
