/**
 * A shell at a terminal of its own (by script(1)), in which a person types: what completion does is seen with the shell's
 * own line editor. The completed command prints its arguments instead of doing anything.
 */
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

export const TAB = "\t";
/** Puts everything that would fit into the line. */
export const ALL = "\x14";

const PROMPT = "typed-shell> ";

const SHELLS = {
  bash: {
    start: "bash --noprofile --rcfile rc -i",
    rcFile: "rc",
    rc: (script: string) => `PS1='${PROMPT}'
bind 'set enable-bracketed-paste off'
bind '"${ALL}": insert-completions'
. '${script}'
bootferry() { printf '<%s>' "$@"; echo; }
`,
  },
  zsh: {
    start: "zsh -i",
    rcFile: ".zshrc",
    rc: (script: string) => `PS1='${PROMPT}'
unset zle_bracketed_paste
unsetopt prompt_sp
autoload -U compinit && compinit -u -D
. '${script}'
bootferry() { printf '<%s>' "$@"; echo; }
zle -C all-matches complete-word _generic
bindkey '${ALL}' all-matches
zstyle ':completion:all-matches:*' completer _all_matches _complete
zstyle ':completion:all-matches:*' old-matches no
zstyle ':completion:all-matches:*' insert yes
`,
  },
} as const;

/**
 * Types each line, with its TABs, followed by the return key.
 * @param directory in which the shell starts; its start-up file is written there
 * @returns the arguments that the command got, for each line
 */
export function typeInto(
  shell: keyof typeof SHELLS,
  script: string,
  directory: string,
  lines: readonly string[],
): Promise<readonly (readonly string[])[]> {
  const { start, rcFile, rc } = SHELLS[shell];
  writeFileSync(join(directory, rcFile), rc(script));
  const { PATH } = process.env;
  const child = spawn("script", ["-qec", start, "/dev/null"], {
    cwd: directory,
    env: { PATH, HOME: directory, ZDOTDIR: directory, TERM: "dumb", LC_ALL: "C.UTF-8", COLUMNS: "4000" },
  });
  let said = "";
  let typed = 0;
  child.stdout.on("data", (chunk: Buffer) => {
    said += chunk.toString("utf8");
    if (said.split(PROMPT).length - 1 <= typed) return; // it is busy
    child.stdin.write(`${lines[typed] ?? "exit"}\r`);
    typed += 1;
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject); // script(1) is not there
    child.on("close", () => {
      const results = [...said.matchAll(/^<(.*)>\r*$/gm)].map(([, list = ""]) => list.split("><"));
      if (results.length === lines.length) resolve(results);
      else reject(new Error(`${results.length} of ${lines.length} lines were typed: ${said}`));
    });
  });
}
