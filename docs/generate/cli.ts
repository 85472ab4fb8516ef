/** `docs/cli.md`: every command with its options, from the definitions that `--help` prints. */
import type { Command } from "commander";
import { EXIT_MEANING } from "../../src/cli/help.ts";

export function cliPage(program: Command): string {
  const groups = program.commands.filter((child) => child.name() !== "help");
  const sections = groups.flatMap((group) => leafCommands(group, [program.name()]));
  const [single, several] = [groups.filter(isSingle), groups.filter((group) => !isSingle(group))];
  const tables = [
    ...several.map((group) => contents(group.description(), leafCommands(group, [program.name()]))),
    contents(
      "And:",
      single.flatMap((group) => leafCommands(group, [program.name()])),
    ),
  ];
  return [HEAD, ...tables, EXIT_STATUSES, ...sections.map(section)].join("\n");
}

const HEAD = `# Commands

Generated from the sources by \`npm run generate\`. \`bootferry COMMAND --help\` (or \`bootferry help COMMAND\`) prints the same texts, and so do the
manual pages. What holds for all commands (JSON, progress, colour, completion) stands in [shell.md](shell.md).
`;

const EXIT_STATUSES = `## Exit statuses

| status | meaning |
|---|---|
${Object.entries(EXIT_MEANING)
  .map(([status, meaning]) => `| ${status} | ${meaning} |`)
  .join("\n")}
| 130, 143 | stopped by SIGINT, by SIGTERM |

Every refusal names a code; [errors.md](errors.md) lists them with what to do.
`;

interface NamedCommand {
  readonly name: string;
  readonly command: Command;
}

function leafCommands(command: Command, parents: readonly string[]): readonly NamedCommand[] {
  const name = [...parents, command.name()];
  if (command.commands.length === 0) return [{ name: name.join(" "), command }];
  return command.commands.flatMap((child) => leafCommands(child, name));
}

function isSingle({ commands }: Command): boolean {
  return commands.length === 0;
}

function contents(title: string, commands: readonly NamedCommand[]): string {
  const entries = commands.map(
    ({ name, command }) => `- [${name}](#${name.replaceAll(" ", "-")}): ${command.summary()}`,
  );
  return `${title}\n\n${entries.join("\n")}\n`;
}

function section({ name, command }: NamedCommand): string {
  // A fixed width: the page must not depend on the terminal of whoever generates it.
  command.configureHelp({ helpWidth: 110 });
  let text = "";
  command.configureOutput({
    writeOut: (part) => {
      text += part;
    },
    getOutHelpWidth: () => 110,
    getOutHasColors: () => false,
  });
  command.outputHelp();
  return `## ${name}\n\n\`\`\`\n${text.trimEnd()}\n\`\`\`\n`;
}
