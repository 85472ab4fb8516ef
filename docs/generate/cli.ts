/** `docs/cli.md`: every command with its options, from the definitions that `--help` prints. */
import type { Command } from "commander";

export function cliPage(program: Command): string {
  const sections = leafCommands(program, []).map(({ name, command }) => section(name, command));
  return `${HEAD}\n${sections.join("\n")}`;
}

const HEAD = `# Commands

Generated from the sources by \`npm run generate\`. \`bootferry COMMAND --help\` prints the same texts.
`;

interface NamedCommand {
  readonly name: string;
  readonly command: Command;
}

function leafCommands(command: Command, parents: readonly string[]): NamedCommand[] {
  const name = [...parents, command.name()];
  if (command.commands.length === 0) return [{ name: name.join(" "), command }];
  return command.commands.filter((child) => child.name() !== "help").flatMap((child) => leafCommands(child, name));
}

function section(name: string, command: Command): string {
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
