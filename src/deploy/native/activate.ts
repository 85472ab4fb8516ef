/**
 * From a staged deployment to the next boot: finalising, as late as possible, since what a person changes in /etc before
 * the reboot must come along.
 *
 *     staged again, if it was activated → obsolete deployments go → /etc merged → kernel and initramfs → entry → staged.json goes
 *
 * Obsolete things go first, because the boot partition often has room for two kernels only. The booted deployment and
 * the last good one are never touched. Cut anywhere, the machine boots what it booted before; cut after the entry, it
 * boots the new one, which is complete then. What is activated and up to date is left as it is.
 */
import { removeDurably } from "../../boot/publish-file.ts";
import { loadImage } from "../../store/load-image.ts";
import { sealImages } from "../../store/seal-images.ts";
import type { DeploymentId } from "../deployment-id.ts";
import { DeployError } from "../error.ts";
import type { ActivationReport, StagedDeployment } from "../port.ts";
import { requireConfirmed, slotsOf } from "./boot-facts.ts";
import { dropDeployments } from "./drop.ts";
import { type Engine, requireSafeLoader, sweepAndRead } from "./engine.ts";
import { activationEntry, activationEntryName } from "./entries.ts";
import { isEtcOnDisk, mergeEtcOf, writeEtc } from "./finalise-etc.ts";
import { findKernel, publishKernel } from "./kernel.ts";
import { stagedFile } from "./layout.ts";
import type { Deployment } from "./snapshot.ts";
import { recordStaged } from "./stage.ts";

/** See {@link DeployBackend.activate}. */
export async function activateDeployment(engine: Engine, staged: StagedDeployment): Promise<ActivationReport> {
  const snapshot = await sweepAndRead(engine);
  const booted = requireConfirmed(snapshot);
  await requireSafeLoader(engine);
  const { pending } = slotsOf(snapshot);
  if (pending?.id !== staged.id) {
    throw new DeployError("DEPLOY_NOT_STAGED", `expected ${staged.id} to be staged, got ${pending?.id ?? "nothing"}`);
  }
  const merge = await mergeEtcOf(engine, booted, pending);
  if (isUntriedAndArmed(pending, engine.tries) && (await isEtcOnDisk(engine, merge, pending))) {
    return { id: pending.id, conflicts: merge.conflicts, notApplied: [] };
  }
  // The entry will ask for seals: without them the deployment would not boot.
  if (pending.origin.verity !== "off") await sealImages(engine.store, [pending.origin.imageDigest]);
  if (!pending.isStaged) await stageAgain(engine, pending.id);
  const kept = [booted.id, pending.id];
  await dropDeployments(engine, ({ id, isPinned }) => !kept.includes(id) && !isPinned);

  const { conflicts, notApplied } = await writeEtc(engine, merge, pending);
  const root = loadImage(engine.store, pending.origin.imageDigest);
  await publishKernel(engine, findKernel(root), pending.origin.kernel.bootChecksum);
  await engine.loader.arm(activationEntry(pending.origin), engine.tries);
  await removeDurably(engine.exec, stagedFile(engine.paths));
  return { id: pending.id, conflicts, notApplied };
}

/** Activated before, and not booted since. */
function isUntriedAndArmed({ isStaged, entries }: Deployment, tries: number): boolean {
  const [entry] = entries;
  return !isStaged && entries.length === 1 && entry?.counter?.triesLeft === tries && entry.counter.triesDone === 0;
}

/** Activated before: it is only staged again, so that no entry stands over an /etc that is half exchanged. */
async function stageAgain(engine: Engine, id: DeploymentId): Promise<void> {
  await recordStaged(engine, id); // first, so that a cut between the two leaves it staged and not forgotten
  await engine.loader.remove(activationEntryName(id));
}
