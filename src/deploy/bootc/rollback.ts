/** Going back by hand: bootc's `rollback`, which changes what boots next and takes it back when called again. */
import { DeployError } from "../error.ts";
import { armCounting, disarmCounting } from "./boot-counting.ts";
import { deploymentIdOf, isRollbackQueued, type KnownHost, ownStaged } from "./boot-facts.ts";
import type { BootcEngine } from "./engine.ts";
import { manifestDigestOf } from "./host-facts.ts";
import { knownHost, readKnownHost } from "./known-host.ts";
import { changeRecord, withImage } from "./record.ts";
import { reorder } from "./reorder.ts";
import { requireUsable } from "./require-usable.ts";
import { disarmUnfinished, settleBoot } from "./settle-boot.ts";
import { removeTrial, writeTrial } from "./trial-file.ts";
import { undoStage } from "./undo-stage.ts";

/** See {@link DeployBackend.rollback}. */
export async function rollBack(engine: BootcEngine): Promise<{ readonly nextBoot: "rollback" | "current" }> {
  await settleBoot(engine, "unknown"); // after a fallback the toggle would only make the fallback permanent
  const known = await readKnownHost(engine);
  await requireUsable(engine.exec, known.host);
  const { rollback } = known.host.status;
  if (rollback === null) return dropInstead(engine, known);
  const isQueued = !isRollbackQueued(known);
  const after = knownHost(engine, await reorder(engine, isQueued));
  await disarmUnfinished(engine, after); // what was staged has gone
  await countTriesOf(engine, after, isQueued);
  await engine.apps.prune();
  return { nextBoot: isQueued ? "rollback" : "current" };
}

/** Only what is staged can be taken back. */
async function dropInstead(engine: BootcEngine, known: KnownHost): Promise<{ readonly nextBoot: "current" }> {
  if (ownStaged(known) === undefined) {
    throw new DeployError("DEPLOY_NO_ROLLBACK", "there is no other deployment to boot");
  }
  await undoStage(engine, known.host);
  return { nextBoot: "current" };
}

/** One that never proved itself is tried, not trusted: it may be what the machine has just gone back from. */
async function countTriesOf(engine: BootcEngine, { host, record }: KnownHost, isQueued: boolean): Promise<void> {
  const other = manifestDigestOf(host.status.rollback);
  const image = other && record.images[other];
  if (other === undefined || image === undefined || image.standing === "good") return;
  if (isQueued) writeTrial(engine.paths, host.status.rollback, deploymentIdOf(other), engine.tries);
  else removeTrial(engine.paths);
  if (!isQueued && image.countedBy === "grub") await disarmCounting(engine, host);
  const countedBy = isQueued ? await armCounting(engine, host) : "us";
  changeRecord(engine.paths.stateDirectory, (old) => withImage(old, other, { trials: [], countedBy }));
}
