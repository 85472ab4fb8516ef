/** Options that several commands share, defined once so that they look and mean the same everywhere. */
import { type Command, InvalidArgumentError, Option } from "commander";

/** `--json` and `--quiet`, for every command that returns data. */
export function addOutputOptions(command: Command): Command {
  return command
    .addOption(new Option("--json", "print the result as JSON on stdout"))
    .addOption(new Option("--quiet", "no progress and no talk on stderr; warnings and errors stay"));
}

/** For `argParser`: collects a repeatable option. */
export function collect(value: string, earlier: readonly string[] | undefined): readonly string[] {
  return [...(earlier ?? []), value];
}

/** For `argParser`: a whole number of at least `min`. */
export function wholeNumber(min: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < min) {
      throw new InvalidArgumentError(`Expected a whole number of at least ${min}.`);
    }
    return value;
  };
}
