/** What completion is expected to do, the same in each shell. */
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { commandShape } from "../../src/cli/command-shape.ts";
import { buildProgram } from "../../src/cli/program.ts";
import { inProcessContext } from "./cli-in-process.ts";

export interface CompletionCase {
  readonly what: string;
  /** All but the end stands; the end is to be completed. */
  readonly line: string;
  readonly gives: readonly string[];
}

export const COMPLETION_CASES: readonly CompletionCase[] = [
  { what: "a group", line: "bootferry rel", gives: ["release"] },
  { what: "a verb", line: "bootferry release in", gives: ["inspect"] },
  { what: "a verb below a verb", line: "bootferry os install to-d", gives: ["to-disk"] },
  { what: "an alias", line: "bootferry os upd", gives: ["update"] },
  { what: "all options of a verb", line: "bootferry media list --", gives: ["--all", "--help", "--json", "--quiet"] },
  { what: "an option behind operands and values", line: "bootferry root show root.json --qu", gives: ["--quiet"] },
  { what: "the choices of an option", line: "bootferry media format --filesystem ", gives: ["exfat", "ext4", "vfat"] },
  { what: "the choices of an operand", line: "bootferry completion ", gives: ["bash", "fish", "zsh"] },
  { what: "private keys for --key", line: "bootferry release sign stick --key a", gives: ["a.key"] },
  { what: "both halves where both will do", line: "bootferry key show a", gives: ["a.key", "a.pub"] },
  { what: "any file when none has the suffix", line: "bootferry release create --key no", gives: ["notes.txt"] },
  { what: "roots for --root", line: "bootferry release verify stick --root ro", gives: ["root.json"] },
  { what: "configurations", line: "bootferry agent run --config ag", gives: ["agent.toml"] },
  { what: "ledgers", line: "bootferry receipt report --ledger f", gives: ["fleet.jsonl"] },
  { what: "deployments", line: "bootferry os pin ", gives: ["booted", "rollback", "staged"] },
  { what: "a topic of help", line: "bootferry help os rol", gives: ["rollback"] },
  { what: "a topic of help, and no options of it", line: "bootferry help os install to-f", gives: ["to-filesystem"] },
];

/** The block devices of this machine, as `--device` offers them. */
export function deviceCase(): CompletionCase {
  const names = readdirSync("/sys/class/block").filter((name) => !/^(?:ram|zram|loop)/.test(name));
  return {
    what: "devices",
    line: "bootferry agent run --device /dev/",
    gives: names.map((name) => `/dev/${name}`).sort(),
  };
}

/** A directory with files of each kind. */
export function furnish(directory: string): void {
  for (const name of ["stick", "my stick"]) mkdirSync(join(directory, name));
  for (const name of ["a.key", "a.pub", "root.json", "agent.toml", "notes.txt", "fleet.jsonl"])
    writeFileSync(join(directory, name), "");
}

/** What `bootferry completion` takes its scripts from. */
export async function programShape() {
  return commandShape(await buildProgram(inProcessContext("/").context, "0"));
}
