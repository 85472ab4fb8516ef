/** Completion for fish: one static script of `complete` lines, each for one command. */
import type { CommandShape, OptionShape, ValueShape } from "../command-shape.ts";
import { completedCommands, pathOf, phraseOf } from "./completed-commands.ts";
import { completeValue, IMAGE_TRANSPORTS, type ValueCompletion } from "./value-completion.ts";

export function fishScript(program: CommandShape): string {
  const lines = completedCommands(program).flatMap((command) => linesFor(command));
  return `${FUNCTIONS}\n${lines.join("\n")}\n`;
}

const FUNCTIONS = `# fish completion for bootferry, made by \`bootferry completion fish\`

# The words before the cursor that are no options.
function __bootferry_words
    set -l words (commandline -opc)
    string match -v -- '-*' $words[2..]
end

# Whether the command line has come to this command and no further.
function __bootferry_at
    set -l words (__bootferry_words)
    test "$words" = "$argv"
end

# Whether this command is being typed, with whatever is behind it.
function __bootferry_in
    set -l words (__bootferry_words)
    set -l count (count $argv)
    test (count $words) -ge $count; and test "$words[1..$count]" = "$argv"
end

function __bootferry_devices
    for entry in /sys/class/block/*
        string match -rv '^/dev/(ram|zram|loop)' /dev/(string replace -r '.*/' '' $entry)
    end
end

# Files with one of these suffixes, and directories; all files where there are none.
function __bootferry_files
    set -l token (string replace -r '^--[^=]*=' '' -- (commandline -ct))
    set -l files (complete -C "__bootferry_no_command $token")
    set -l found
    for suffix in $argv
        set -a found (string match -- "*$suffix" $files)
    end
    if test (count $found) -eq 0
        string join \\n -- $files
    else
        string join \\n -- $found (string match -- '*/' $files)
    end
end

complete -c bootferry -f`;

function linesFor(command: CommandShape): readonly string[] {
  const path = pathOf(command);
  const isLast = command.verbs.length === 0;
  const place = `-n ${quote(isLast ? `__bootferry_in ${path}` : `__bootferry_at ${path}`.trimEnd())}`;
  return [
    ...command.verbs.map(({ words, summary }) => lineOf(place, `-a ${words.at(-1)} -d ${quote(summary)}`)),
    ...command.options.map((option) => lineOf(place, optionWords(option))),
    ...command.operands.flatMap((operand) => valueLines(operand, path).map((words) => lineOf(place, words))),
  ];
}

function lineOf(place: string, words: string): string {
  return `complete -c bootferry ${place} ${words}`;
}

function optionWords({ long, short, value, description }: OptionShape): string {
  const flags = [`-l ${long.replace(/^--/, "")}`, ...(short === undefined ? [] : [`-s ${short.replace(/^-/, "")}`])];
  const argument = value === undefined ? [] : ["-x", ...valueLines(value, long)];
  return [...flags, ...argument, "-d", quote(phraseOf(description))].join(" ").replace("-x -F", "-r -F");
}

function valueLines(value: ValueShape, name: string): readonly string[] {
  return completeValue(value, name).map(wordsFor);
}

function wordsFor(completion: ValueCompletion): string {
  switch (completion.kind) {
    case "words":
      return `-a ${quote(completion.words.join(" "))}`;
    case "files":
      return completion.suffixes.length === 0
        ? "-F"
        : `-a ${quote(`(__bootferry_files ${completion.suffixes.join(" ")})`)}`;
    case "directories":
      return `-a ${quote("(__fish_complete_directories)")}`;
    case "devices":
      return `-a ${quote("(__bootferry_devices)")}`;
    case "images":
      return `-F -a ${quote(IMAGE_TRANSPORTS.join(" "))}`;
  }
}

function quote(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
