/** Completion for zsh: one static script with a function for each command, on top of zsh's own `_arguments`. */
import type { CommandShape, OperandShape, OptionShape, ValueShape } from "../command-shape.ts";
import { completedCommands, phraseOf } from "./completed-commands.ts";
import { completeValue, IMAGE_TRANSPORTS, type ValueCompletion } from "./value-completion.ts";

export function zshScript(program: CommandShape): string {
  const functions = completedCommands(program).map((command) =>
    command.verbs.length > 0 ? groupOf(command) : verbOf(command),
  );
  return `${HEAD}\n${functions.join("\n")}\n${FOOT}\n`;
}

const HEAD = `#compdef bootferry
# zsh completion for bootferry, made by \`bootferry completion zsh\`

_bootferry_devices() {
  local -a devices
  devices=(/dev/\${^\${(@)\${(f)"$(print -l /sys/class/block/*(N:t))"}:#(ram|zram|loop)*}})
  compadd -a devices || _files # a link in /dev/disk/by-id
}

_bootferry_images() {
  if compset -P '*:(|//)'; then _files; else
    compadd -S '' -- ${IMAGE_TRANSPORTS.join(" ")}
  fi
}
`;

/** Loaded by name from fpath, or sourced. */
const FOOT = `if [[ \${funcstack[1]} == _bootferry ]]; then _bootferry "$@"; else compdef _bootferry bootferry; fi`;

function functionName({ words }: CommandShape): string {
  return `_${words.join("_")}`;
}

function groupOf(command: CommandShape): string {
  const verbs = command.verbs.map(({ words, summary }) => `      ${quote(`${words.at(-1)}:${summary}`)}`);
  const cases = command.verbs.map((verb) => `        ${verb.words.at(-1)}) ${functionName(verb)} ;;`);
  return `${functionName(command)}() {
  local context state state_descr line curcontext=$curcontext
  local -A opt_args
  _arguments -C \\
${command.options.map((option) => `    ${optionSpec(option)} \\\n`).join("")}    '1:command:->command' '*::argument:->argument' && return
  case $state in
    command)
      local -a verbs=(
${verbs.join("\n")}
      )
      _describe -t commands command verbs
      ;;
    argument)
      case $line[1] in
${cases.join("\n")}
      esac
      ;;
  esac
}
`;
}

function verbOf(command: CommandShape): string {
  const specs = [
    ...command.options.map(optionSpec),
    ...command.operands.map((operand, index) => operandSpec(operand, index, command)),
  ];
  return `${functionName(command)}() {\n  _arguments -s -S \\\n${specs.map((spec) => `    ${spec}`).join(" \\\n")}\n}\n`;
}

function optionSpec({ long, short, value, isRepeatable, description }: OptionShape): string {
  const text = `[${escapeSpec(phraseOf(description))}]`;
  const argument = value === undefined ? "" : `:${escapeSpec(value.placeholder)}:${actionFor(value, long)}`;
  const star = isRepeatable ? "*" : "";
  if (short === undefined) return quote(`${star}${long}${value === undefined ? "" : "="}${text}${argument}`);
  return `${quote(`(${short} ${long})`)}{${short},${long}}${quote(`${text}${argument}`)}`;
}

function operandSpec(operand: OperandShape, index: number, { words }: CommandShape): string {
  const place = operand.isVariadic ? "*" : `${index + 1}`;
  const optional = operand.isRequired || operand.isVariadic ? ":" : "::";
  const name = words.slice(1).join(" ");
  return quote(`${place}${optional}${escapeSpec(operand.placeholder)}:${actionFor(operand, name)}`);
}

function actionFor(value: ValueShape, name: string): string {
  const actions = completeValue(value, name).map(wordsFor);
  if (actions.length < 2) return actions[0] ?? " ";
  return `_alternative ${actions.map((action, index) => `"value${index}:${escapeSpec(value.placeholder)}:${action}"`).join(" ")}`;
}

function wordsFor(completion: ValueCompletion): string {
  switch (completion.kind) {
    case "words":
      return `(${completion.words.map((word) => word.replaceAll(":", "\\:")).join(" ")})`;
    case "files":
      return filesAction(completion.suffixes);
    case "directories":
      return "_files -/";
    case "devices":
      return "_bootferry_devices";
    case "images":
      return "_bootferry_images";
  }
}

/** Parentheses with a bar are a pattern, without one they would be a qualifier. */
function filesAction(suffixes: readonly string[]): string {
  const pattern = suffixes.length > 1 ? `*(${suffixes.join("|")})` : `*${suffixes[0]}`;
  return suffixes.length === 0 ? "_files" : `_files -g "${pattern}"`;
}

/** What `_arguments` takes for an end of its parts. */
function escapeSpec(text: string): string {
  return text.replace(/[\\[\]:]/g, "\\$&");
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
