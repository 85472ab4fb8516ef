/**
 * Completion for bash: one static script, without a start of node for each TAB, and without the package bash-completion.
 *
 * readline splits words at `=` and `:`, so `--key=a` and `oci:dir` come in pieces; file names are left to readline itself
 * wherever it can do them, since it knows about quotes and `~`.
 */
import type { CommandShape } from "../command-shape.ts";
import { completedCommands, pathOf } from "./completed-commands.ts";
import { completeValue, IMAGE_TRANSPORTS, type ValueCompletion } from "./value-completion.ts";

/** What does not depend on the commands. */
const FUNCTIONS = `
# LIST: words of it.
_bootferry_words() {
  local word
  while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -W "$1" -- "$cur")
}

# SUFFIX...: files that end so, and directories; all files where there are none, or no suffix is asked for.
_bootferry_files() {
  local suffix name
  local -a found=()
  for suffix in "$@"; do
    while IFS= read -r name; do found+=("$name"); done < <(compgen -f -X "!*$suffix" -- "$cur")
  done
  if ((\${#found[@]} == 0)); then compopt -o default; return; fi
  while IFS= read -r name; do found+=("$name"); done < <(compgen -d -- "$cur")
  COMPREPLY+=("\${found[@]}")
  compopt -o filenames
}

_bootferry_devices() {
  local entry
  local -a names=()
  for entry in /sys/class/block/*; do
    entry=/dev/\${entry##*/}
    case $entry in /dev/ram* | /dev/zram* | /dev/loop* | '/dev/*') ;; *) names+=("$entry") ;; esac
  done
  _bootferry_words "\${names[*]}"
  if ((\${#COMPREPLY[@]} == 0)); then compopt -o default; fi # a link in /dev/disk/by-id
}

# JOINED: a transport, or behind one a path.
_bootferry_images() {
  if [[ -z $1 ]]; then
    _bootferry_words '${IMAGE_TRANSPORTS.join(" ")}'
    compopt -o nospace
  fi
  if ((\${#COMPREPLY[@]} == 0)); then compopt -o default; fi
}

# WHAT JOINED: completes with one or more of the above, separated by semicolons.
_bootferry_reply() {
  local part
  local -a parts words
  IFS=';' read -ra parts <<<"$1"
  for part in "\${parts[@]}"; do
    read -ra words <<<"$part"
    case \${words[0]} in
      words)
        _bootferry_words "\${words[*]:1}"
        if [[ \${COMPREPLY-} == *// ]]; then compopt -o nospace; fi
        ;;
      files) _bootferry_files "\${words[@]:1}" ;;
      directories) compopt -o dirnames ;;
      devices) _bootferry_devices ;;
      images) _bootferry_images "$2" ;;
    esac
  done
}

_bootferry() {
  local cur=\${COMP_WORDS[COMP_CWORD]} path="" word option="" joined="" ended="" REPLY=""
  local -i i number=0
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    if [[ $word == [=:]* && $word != *[^=:]* ]]; then
      if [[ -z $option ]]; then joined=yes; fi
    elif [[ -n $joined ]]; then
      joined=""
    elif [[ -n $option ]]; then
      option=""
    elif [[ -z $ended && $word == -- ]]; then
      ended=yes
    elif [[ -z $ended && $word == -* ]]; then
      if _bootferry_option_value "$path" "$word"; then option=$word; fi
    else
      _bootferry_verbs "$path"
      if [[ " $REPLY " == *" $word "* ]]; then path=\${path:+$path }$word; else number+=1; fi
    fi
  done
  if [[ $cur == [=:]* && $cur != *[^=:]* ]]; then
    cur=""
    if [[ -z $option ]]; then joined=yes; fi
  fi
  if [[ -n $joined ]]; then number+=-1; fi
  if [[ -n $option ]]; then
    _bootferry_option_value "$path" "$option"
    _bootferry_reply "$REPLY" ''
  elif [[ -z $ended && $cur == -* ]]; then
    _bootferry_options "$path"
    _bootferry_words "$REPLY"
  else
    _bootferry_verbs "$path"
    if [[ -n $REPLY ]]; then
      _bootferry_words "$REPLY"
    else
      _bootferry_operand "$path" "$number"
      _bootferry_reply "$REPLY" "$joined"
    fi
  fi
}
complete -F _bootferry bootferry
`;

export function bashScript(program: CommandShape): string {
  const commands = completedCommands(program);
  const groups = commands.filter(({ verbs }) => verbs.length > 0);
  return `# bash completion for bootferry, made by \`bootferry completion bash\`

# PATH: sets REPLY to the verbs of a command.
_bootferry_verbs() {
  case $1 in
${groups.map((group) => `    ${quote(pathOf(group))}) REPLY=${quote(verbsOf(group).join(" "))} ;;`).join("\n")}
    *) REPLY='' ;;
  esac
}

# PATH: sets REPLY to the options of a command.
_bootferry_options() {
  case $1 in
${commands.map((each) => `    ${quote(pathOf(each))}) REPLY=${quote(optionsOf(each).join(" "))} ;;`).join("\n")}
    *) REPLY='' ;;
  esac
}

# PATH OPTION: sets REPLY to what its value may be; fails when it takes none.
_bootferry_option_value() {
  case "$1 $2" in
${caseLines(commands.flatMap(optionValues))}
    *) return 1 ;;
  esac
}

# PATH NUMBER: sets REPLY to what the operand with this number, from 0, may be.
_bootferry_operand() {
  case "$1 $2" in
${caseLines(commands.flatMap(operandValues))}
    *) REPLY='' ;;
  esac
}
${FUNCTIONS}`;
}

function verbsOf({ verbs }: CommandShape): readonly string[] {
  return verbs.map(({ words }) => words.at(-1) ?? "");
}

function optionsOf({ options }: CommandShape): readonly string[] {
  return options.flatMap(({ long, short }) => (short === undefined ? [long] : [long, short]));
}

interface CaseEntry {
  readonly pattern: string;
  readonly reply: string;
}

function optionValues(command: CommandShape): readonly CaseEntry[] {
  return command.options.flatMap(({ long, value }) =>
    value === undefined
      ? []
      : [{ pattern: quote(`${pathOf(command)} ${long}`), reply: completeValue(value, long).map(wordsFor).join(";") }],
  );
}

function operandValues(command: CommandShape): readonly CaseEntry[] {
  const path = pathOf(command);
  return command.operands.map((operand, index) => ({
    pattern: operand.isVariadic ? `${quote(`${path} `)}*` : quote(`${path} ${index}`),
    reply: completeValue(operand, path).map(wordsFor).join(";"),
  }));
}

function wordsFor(completion: ValueCompletion): string {
  switch (completion.kind) {
    case "words":
      return `words ${completion.words.join(" ")}`;
    case "files":
      return ["files", ...completion.suffixes].join(" ");
    case "directories":
    case "devices":
    case "images":
      return completion.kind;
  }
}

/** One line for all patterns with the same reply. */
function caseLines(entries: readonly CaseEntry[]): string {
  const byReply = Map.groupBy(entries, ({ reply }) => reply);
  return [...byReply]
    .map(([reply, same]) => `    ${same.map(({ pattern }) => pattern).join(" | ")}) REPLY=${quote(reply)} ;;`)
    .join("\n");
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
