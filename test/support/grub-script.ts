/**
 * GRUB's script language, as far as our generated files use it, and GRUB's choice of what to start.
 *
 * Words in single quotes, in double quotes with variables, and bare; `if`, `elif`, `else`, `fi` with `[ A = B ]`, `set`,
 * `load_env`, `save_env`, `source`, `menuentry`. Anything else is an error: what this cannot run, a device would run
 * untested.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { formatGrubEnvironment, parseGrubEnvironment } from "../../src/boot/grub-environment.ts";

interface MenuEntry {
  readonly title: string;
  readonly id: string;
  readonly lines: readonly string[];
}

export interface GrubStart {
  readonly id: string;
  readonly commandLine: string;
  readonly initrd: string | undefined;
}

export interface GrubMachine {
  /** Whether the disk takes what GRUB writes. */
  readonly isWritable?: boolean;
  /** Whether there is a serial port. */
  readonly hasSerial?: boolean;
}

/** One start of GRUB from this boot partition. @throws Error when it would stop at its menu or prompt */
export function bootGrub(boot: string, machine: GrubMachine = {}): GrubStart {
  const run = new Run(boot, machine);
  run.source(join(boot, "grub", "grub.cfg"));
  const { entries, variables } = run;
  if (variables.get("timeout") !== "0") throw new Error("GRUB waits at its menu");
  const chosen = entries.findIndex(({ id }) => id === variables.get("default"));
  const numbers = (variables.get("fallback") ?? "").split(" ").filter((number) => number !== "");
  for (const index of [chosen < 0 ? 0 : chosen, ...numbers.map(Number)]) {
    const start = entries[index] && run.start(entries[index]);
    if (start !== undefined) return start;
  }
  throw new Error("GRUB has nothing that it can start");
}

class Run {
  readonly variables = new Map<string, string>();
  readonly entries: MenuEntry[] = [];
  readonly #boot: string;
  readonly #machine: GrubMachine;

  constructor(boot: string, machine: GrubMachine) {
    this.#boot = boot;
    this.#machine = machine;
    this.variables.set("prefix", join(boot, "grub"));
  }

  source(path: string): boolean {
    const lines = readFileSync(path, "utf8")
      .split("\n")
      .map((line) => line.trim());
    /** For each open `if`: whether its branch runs, and whether one has run. */
    const open: { runs: boolean; done: boolean }[] = [];
    for (let index = 0; index < lines.length; index++) {
      const line = lines[index] ?? "";
      const isActive = open.slice(0, -1).every(({ runs }) => runs);
      const innermost = open.at(-1);
      const condition = /^(if|elif) (.*); then$/.exec(line);
      if (line === "" || line.startsWith("#")) continue;
      if (condition?.[1] === "if") {
        const runs = open.every((level) => level.runs) && this.#command(condition[2] ?? "");
        open.push({ runs, done: runs });
      } else if (condition !== null && innermost !== undefined) {
        innermost.runs = isActive && !innermost.done && this.#command(condition[2] ?? "");
        innermost.done ||= innermost.runs;
      } else if (line === "else" && innermost !== undefined) innermost.runs = isActive && !innermost.done;
      else if (line === "fi" && innermost !== undefined) open.pop();
      else if (line.startsWith("menuentry ")) {
        const end = lines.indexOf("}", index);
        this.#addEntry(line, lines.slice(index + 1, end));
        index = end;
      } else if (open.every(({ runs }) => runs)) this.#command(line);
    }
    if (open.length > 0) throw new Error(`${path}: an "if" without "fi"`);
    return true;
  }

  start({ id, lines }: MenuEntry): GrubStart | undefined {
    let start: GrubStart | undefined;
    for (const line of lines) {
      const [command, path = "", ...options] = this.#words(line);
      if (!existsSync(join(this.#boot, path))) return undefined;
      if (command === "linux") start = { id, commandLine: options.map(asKernelArgument).join(" "), initrd: undefined };
      else if (command === "initrd" && start !== undefined) start = { ...start, initrd: path };
      else throw new Error(`unknown in a menu entry: ${line}`);
    }
    return start;
  }

  #addEntry(line: string, lines: readonly string[]): void {
    const [, title = "", flag, id = "", unrestricted, brace] = this.#words(line);
    if (flag !== "--id" || unrestricted !== "--unrestricted" || brace !== "{") throw new Error(`unknown: ${line}`);
    this.entries.push({ title, id, lines });
  }

  #command(line: string): boolean {
    const [name, ...words] = this.#words(line);
    switch (name) {
      case "set": {
        const [variable = "", ...value] = (words[0] ?? "").split("=");
        this.variables.set(variable, value.join("="));
        return true;
      }
      case "[":
        if (words.length !== 4 || words[3] !== "]") throw new Error(`unknown test: ${line}`);
        return (words[0] === words[2]) === (words[1] === "=");
      case "load_env":
        return this.#loadEnvironment(words);
      case "save_env":
        return this.#saveEnvironment(words);
      case "source":
        return this.source(words[0] ?? "");
      case "serial":
        return this.#machine.hasSerial ?? false;
      case "terminal_input":
      case "terminal_output":
        return this.#machine.hasSerial ?? false;
      default:
        throw new Error(`not in the subset that we generate: ${line}`);
    }
  }

  #loadEnvironment(names: readonly string[]): boolean {
    const environment = this.#readEnvironment();
    for (const name of names) {
      const value = environment?.get(name);
      if (value !== undefined) this.variables.set(name, value);
    }
    return environment !== undefined;
  }

  #saveEnvironment(names: readonly string[]): boolean {
    const environment = this.#readEnvironment();
    if (environment === undefined || this.#machine.isWritable === false) return false;
    const saved = names.map((name) => [name, this.variables.get(name) ?? ""] as const);
    writeFileSync(this.#environmentFile, formatGrubEnvironment(new Map([...environment, ...saved])));
    return true;
  }

  #readEnvironment(): ReadonlyMap<string, string> | undefined {
    try {
      return parseGrubEnvironment(readFileSync(this.#environmentFile));
    } catch {
      return undefined; // missing or damaged: the command fails
    }
  }

  get #environmentFile(): string {
    return join(this.#boot, "grub", "grubenv");
  }

  #words(line: string): readonly string[] {
    const words: string[] = [];
    for (const [whole] of line.matchAll(/(?:'[^']*'|"[^"]*"|\\.|[^\s'"\\])+/g)) {
      const word = whole.replace(
        /'([^']*)'|"([^"]*)"|\\(.)|([^'"\\]+)/g,
        (_part, single, double, escaped, bare) => single ?? escaped ?? this.#expand(double ?? bare),
      );
      // Bare variables that are not set make no word (grub_script_argv_next).
      if (word !== "" || /['"]/.test(whole)) words.push(word);
    }
    return words;
  }

  #expand(text: string): string {
    return text.replace(/\$(\w+)/g, (_whole, name: string) => this.variables.get(name) ?? "");
  }
}

/** As `linux` puts the command line together (grub-core/lib/cmdline.c). */
function asKernelArgument(word: string): string {
  const escaped = word.replace(/["'\\]/g, "\\$&");
  return word.includes(" ") ? `"${escaped}"` : escaped;
}
