/** The verbs of `bootferry release`. */
import type { Command } from "commander";
import { registerReleaseAttach } from "../commands/release-attach.ts";
import { registerReleaseCopy } from "../commands/release-copy.ts";
import { registerReleaseCreate } from "../commands/release-create.ts";
import { registerReleaseInspect } from "../commands/release-inspect.ts";
import { registerReleaseList } from "../commands/release-list.ts";
import { registerReleasePull } from "../commands/release-pull.ts";
import { registerReleasePush } from "../commands/release-push.ts";
import { registerReleaseRemove } from "../commands/release-remove.ts";
import { registerReleaseSign } from "../commands/release-sign.ts";
import { registerReleaseVerify } from "../commands/release-verify.ts";
import type { CliContext } from "../context.ts";

export function registerVerbs(release: Command, context: CliContext): void {
  registerReleaseCreate(release, context);
  registerReleaseSign(release, context);
  registerReleaseAttach(release, context);
  registerReleaseCopy(release, context);
  registerReleaseVerify(release, context);
  registerReleaseInspect(release, context);
  registerReleaseList(release, context);
  registerReleaseRemove(release, context);
  registerReleasePush(release, context);
  registerReleasePull(release, context);
}
