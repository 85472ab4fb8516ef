/** `--help` as clap prints it: what is hidden does not stand there, nor does what this version does not have yet. */
import { type Build, knownOptions, usageOf } from "./parse-arguments.ts";
import { VERBS, type VerbSpec } from "./verbs.ts";

const HELP_OPTION = "  -h, --help\n          Print help\n";

export function formatVerbHelp(verb: VerbSpec, build: Build): string {
  const options = knownOptions(verb, build)
    .filter(({ isHidden }) => isHidden !== true)
    .map(({ flag, short, value, choices, help }) => {
      const names = `  ${short === undefined ? "   " : `${short},`} ${flag}${value === undefined ? "" : ` <${value}>`}`;
      const possible = choices === undefined ? "" : `\n\n          [possible values: ${choices.join(", ")}]`;
      return `${names}\n          ${help}${possible}\n`;
    });
  return `${verb.about}\n\nUsage: ${usageOf(verb)}\n\nOptions:\n${[...options, HELP_OPTION].join("\n")}`;
}

export function formatTopHelp(): string {
  const verbs = VERBS.filter(({ isHidden }) => isHidden !== true).map(
    ({ name, about }) => `  ${name.padEnd(12)} ${about}\n`,
  );
  const options = `  -h, --help     Print help\n  -V, --version  Print version\n`;
  return `Deploy and transactionally in-place with bootable container images.\n\nUsage: bootc <COMMAND>\n\nCommands:\n${verbs.join("")}\nOptions:\n${options}`;
}
