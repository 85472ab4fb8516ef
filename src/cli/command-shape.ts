/**
 * What a command takes, as plain data: completion scripts, manual pages and docs/cli.md are made of it, so that they say
 * what `--help` says. Read from the definitions; nothing is run.
 */
import type { Argument, Command, Help, Option } from "commander";
import { type Teaching, teachingOf } from "./help.ts";
import { collect } from "./options.ts";

export interface CommandShape {
  /** `["bootferry", "release", "create"]` */
  readonly words: readonly string[];
  readonly aliases: readonly string[];
  /** One line, without a full stop. */
  readonly summary: string;
  /** Paragraphs, with an empty line between. */
  readonly description: string;
  readonly operands: readonly OperandShape[];
  readonly options: readonly OptionShape[];
  readonly teaching: Teaching | undefined;
  readonly verbs: readonly CommandShape[];
}

/** What a command line is completed with in one place. */
export interface ValueShape {
  /** What it stands for, as in help: `file`, `name@version|digest`. */
  readonly placeholder: string;
  readonly choices: readonly string[];
}

export interface OperandShape extends ValueShape {
  readonly isRequired: boolean;
  readonly isVariadic: boolean;
  readonly description: string;
}

export interface OptionShape {
  /** `--key` */
  readonly long: string;
  /** `-h` */
  readonly short: string | undefined;
  /** Undefined for a switch. */
  readonly value: ValueShape | undefined;
  readonly isMandatory: boolean;
  readonly isRepeatable: boolean;
  /** With choices and default, as in help. */
  readonly description: string;
}

export function commandShape(command: Command, parents: readonly string[] = []): CommandShape {
  const words = [...parents, command.name()];
  const help = command.createHelp();
  return {
    words,
    aliases: command.aliases(),
    summary: (command.summary() || command.description()).replace(/\.$/, ""),
    description: command.description(),
    operands: command.registeredArguments.map((argument) => operandShape(argument, help)),
    options: help.visibleOptions(command).map((option) => optionShape(option, help)),
    teaching: teachingOf(command),
    verbs: command.commands.map((verb) => commandShape(verb, words)),
  };
}

/** The command and all below it, each before its verbs. */
export function* walkCommands(shape: CommandShape): Generator<CommandShape> {
  yield shape;
  for (const verb of shape.verbs) yield* walkCommands(verb);
}

function operandShape(argument: Argument, help: Help): OperandShape {
  return {
    placeholder: argument.name(),
    choices: argument.argChoices ?? [],
    isRequired: argument.required,
    isVariadic: argument.variadic,
    description: help.argumentDescription(argument),
  };
}

function optionShape(option: Option, help: Help): OptionShape {
  const placeholder = /[<[](.+)[>\]]$/.exec(option.flags)?.[1];
  return {
    long: option.long ?? option.flags,
    short: option.short,
    value: placeholder === undefined ? undefined : { placeholder, choices: option.argChoices ?? [] },
    isMandatory: option.mandatory,
    isRepeatable: option.parseArg === collect || /repeatable/.test(option.description),
    description: help.optionDescription(option),
  };
}
