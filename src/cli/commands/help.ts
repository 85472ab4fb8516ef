/** `bootferry help`: the help of a command, asked for in front of it. */
import type { Command } from "commander";
import { CliError } from "../error.ts";

/** A command without verbs: it takes the place of a group. */
export function registerVerbs(help: Command): void {
  help
    .description(
      "Shows what a command does, with its options, examples and exit statuses: what `bootferry COMMAND --help` shows.",
    )
    .summary("show what a command does")
    .argument("[command...]", "the command, such as `release create`; all of them unless given")
    .action((words: readonly string[]) => findTopic(help.parent ?? help, words).help());
}

function findTopic(program: Command, words: readonly string[]): Command {
  return words.reduce((command, word) => {
    const verb = command.commands.find((each) => each.name() === word || each.aliases().includes(word));
    if (verb !== undefined) return verb;
    const known = command.commands.map((each) => each.name()).join(", ");
    const what = `there is no command ${JSON.stringify(words.join(" "))}`;
    throw new CliError("CLI_USAGE", known === "" ? what : `${what}: ${command.name()} has ${known}`);
  }, program);
}
