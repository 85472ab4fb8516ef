/** Command lines as clap reads them: what it does not know is a usage error, with exit status 2. */
import { BootcFailure } from "./context.ts";
import { type Feature, hasFeature } from "./features.ts";
import { type OptionSpec, VERBS, type VerbSpec } from "./verbs.ts";

export interface ParsedArguments {
  readonly verb: VerbSpec;
  readonly isHelp: boolean;
  /** Of a verb with words the first. */
  readonly word: string | undefined;
  readonly positional: string | undefined;
  has(flag: string): boolean;
  valueOf(flag: string): string | undefined;
}

/** What a build of bootc knows. */
export interface Build {
  readonly version: string;
  readonly unknownOptions: readonly string[];
}

const USAGE_STATUS = 2;

export function knownOptions(verb: VerbSpec, { version, unknownOptions }: Build): readonly OptionSpec[] {
  const isKnown = (since: Feature | undefined) => since === undefined || hasFeature(version, since);
  return verb.options.filter(({ flag, since }) => isKnown(since) && !unknownOptions.includes(flag));
}

export function usageOf(verb: VerbSpec): string {
  return [
    "bootc",
    verb.name,
    "[OPTIONS]",
    ...(verb.positional === undefined ? [] : [`<${verb.positional.name}>`]),
  ].join(" ");
}

/** @throws BootcFailure with exit status 2 */
export function parseArguments(argv: readonly string[], build: Build): ParsedArguments {
  const [name = "", ...rest] = argv;
  const verb = VERBS.find((spec) => spec.name === name || spec.alias === name);
  if (verb === undefined) throw new BootcFailure(`unrecognized subcommand '${name}'\n\nUsage: bootc <COMMAND>`, 2);
  const options = knownOptions(verb, build);
  const values = new Map<string, string | true>();
  const words: string[] = [];
  for (let at = 0; at < rest.length; at++) {
    const argument = rest[at] ?? "";
    if (argument === "--help" || argument === "-h") values.set("--help", true);
    else if (argument.startsWith("-") && argument !== "-") at += takeOption(argument, rest[at + 1]);
    else words.push(argument);
  }
  const word = verb.words === undefined ? undefined : words.shift();
  const positional = verb.positional === undefined ? undefined : words.shift();
  const isHelp = values.has("--help");
  if (!isHelp) check();
  return {
    verb,
    isHelp,
    word,
    positional,
    has: (flag) => values.has(flag),
    valueOf: (flag) => (typeof values.get(flag) === "string" ? String(values.get(flag)) : undefined),
  };

  /** @returns how many arguments its value took */
  function takeOption(argument: string, next: string | undefined): number {
    const [given = "", ...inline] = argument.split("=");
    const option = options.find(({ flag, short }) => flag === given || short === given);
    if (option === undefined) throw usageError(`unexpected argument '${given}' found`);
    const { flag, value, choices } = option;
    if (values.has(flag)) throw usageError(`the argument '${flag}' cannot be used multiple times`);
    if (value === undefined) {
      if (inline.length > 0) throw usageError(`unexpected value '${inline.join("=")}' for '${flag}' found`);
      values.set(flag, true);
      return 0;
    }
    const text = inline.length > 0 ? inline.join("=") : next;
    if (text === undefined) throw usageError(`a value is required for '${flag} <${value}>' but none was supplied`);
    if (choices?.includes(text) === false)
      throw usageError(`invalid value '${text}' for '${flag} <${value}>'\n  [possible values: ${choices.join(", ")}]`);
    values.set(flag, text);
    return inline.length > 0 ? 0 : 1;
  }

  function check(): void {
    for (const { flag, conflicts } of options) {
      const other = values.has(flag) ? conflicts?.find((it) => values.has(it)) : undefined;
      if (other !== undefined) throw usageError(`the argument '${flag}' cannot be used with '${other}'`);
    }
    const [extra] = words;
    if (extra !== undefined) throw usageError(`unexpected argument '${extra}' found`);
    if (verb?.words !== undefined && (word === undefined || !verb.words.includes(word)))
      throw usageError(`unrecognized subcommand '${word ?? ""}'`);
    const { name: missing, isOptionalWith = "" } = verb?.positional ?? { name: "" };
    if (missing !== "" && positional === undefined && !values.has(isOptionalWith) && word !== isOptionalWith)
      throw usageError(`the following required arguments were not provided:\n  <${missing}>`);
  }

  function usageError(message: string): BootcFailure {
    const usage = verb === undefined ? "bootc" : usageOf(verb);
    return new BootcFailure(`${message}\n\nUsage: ${usage}\n\nFor more information, try '--help'.`, USAGE_STATUS);
  }
}
