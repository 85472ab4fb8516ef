/** The verbs of `bootferry support`. */
import type { Command } from "commander";
import { registerSupportOpen } from "../commands/support-open.ts";
import type { CliContext } from "../context.ts";

export function registerVerbs(support: Command, context: CliContext): void {
  registerSupportOpen(support, context);
}
