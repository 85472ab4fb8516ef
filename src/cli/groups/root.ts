/** The verbs of `bootferry root`. */
import type { Command } from "commander";
import { registerRootCreate } from "../commands/root-create.ts";
import { registerRootPublish } from "../commands/root-publish.ts";
import { registerRootRevoke } from "../commands/root-revoke.ts";
import { registerRootRotate } from "../commands/root-rotate.ts";
import { registerRootShow } from "../commands/root-show.ts";
import { registerRootSign } from "../commands/root-sign.ts";
import { registerRootVerifyChain } from "../commands/root-verify-chain.ts";
import type { CliContext } from "../context.ts";

export function registerVerbs(root: Command, context: CliContext): void {
  registerRootCreate(root, context);
  registerRootRotate(root, context);
  registerRootRevoke(root, context);
  registerRootSign(root, context);
  registerRootVerifyChain(root, context);
  registerRootPublish(root, context);
  registerRootShow(root, context);
}
