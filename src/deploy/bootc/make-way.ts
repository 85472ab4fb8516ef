/** What is staged before us: an earlier update of ours makes way, somebody else's is left as it is. */
import type { Digest } from "../../oci/digest.ts";
import { DeployError } from "../error.ts";
import type { Host } from "../host-status.ts";
import { ownStaged } from "./boot-facts.ts";
import type { BootcEngine } from "./engine.ts";
import { manifestDigestOf } from "./host-facts.ts";
import { knownHost } from "./known-host.ts";
import { undoStage } from "./undo-stage.ts";

/**
 * Drops another update of ours that waits.
 * @param host as it was just read
 * @returns the status after it
 * @throws DeployError DEPLOY_BOOTC_ANOTHER_WAITS, DEPLOY_BOOTC_STILL_STAGED
 */
export async function makeWay(engine: BootcEngine, host: Host, wanted: Digest): Promise<Host> {
  const staged = manifestDigestOf(host.status.staged);
  if (host.status.staged === null || staged === wanted) return host;
  if (ownStaged(knownHost(engine, host)) !== undefined) return undoStage(engine, host);
  throw new DeployError("DEPLOY_BOOTC_ANOTHER_WAITS", `another image is staged: ${staged ?? "one without a digest"}`);
}
