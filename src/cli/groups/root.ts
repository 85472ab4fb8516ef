/** The verbs of `bootferry root`. */
import type { Command } from "commander";
import { registerRootCreate } from "../commands/root-create.ts";
import { registerRootShow } from "../commands/root-show.ts";
import { registerRootSign } from "../commands/root-sign.ts";
import type { CliContext } from "../context.ts";

export function registerVerbs(root: Command, context: CliContext): void {
  registerRootCreate(root, context);
  registerRootSign(root, context);
  registerRootShow(root, context);
}
