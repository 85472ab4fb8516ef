/** The verbs of `bootferry key`. */
import type { Command } from "commander";
import { registerKeyGenerate } from "../commands/key-generate.ts";
import { registerKeyShow } from "../commands/key-show.ts";
import type { CliContext } from "../context.ts";

export function registerVerbs(key: Command, context: CliContext): void {
  registerKeyGenerate(key, context);
  registerKeyShow(key, context);
}
