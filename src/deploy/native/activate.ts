/**
 * From a staged deployment to the next boot: finalising, as late as possible, since what a person changes in /etc before
 * the reboot must come along.
 *
 *     staged again, if it was activated → obsolete deployments go → /etc merged → kernel and initramfs → entry → staged.json goes
 *
 * Obsolete things go first, because the boot partition often has room for two kernels only. The booted deployment and
 * the last good one are never touched. Cut anywhere, the machine boots what it booted before; cut after the entry, it
 * boots the new one, which is complete then.
 */
import { renameSync, rmSync } from "node:fs";
import { removeDurably } from "../../boot/publish-file.ts";
import { hostError } from "../../host/error.ts";
import { parseAbsPath } from "../../path.ts";
import { loadImage } from "../../store/load-image.ts";
import { readFileContent } from "../../store/read-content.ts";
import type { DeploymentId } from "../deployment-id.ts";
import { DeployError } from "../error.ts";
import type { ActivationReport, StagedDeployment } from "../port.ts";
import { requireConfirmed, slotsOf } from "./boot-facts.ts";
import { dropDeployments } from "./drop.ts";
import { type Engine, requireSafeLoader, sweepAndRead, syncEngine } from "./engine.ts";
import { activationEntry, activationEntryName } from "./entries.ts";
import { type EtcMerge, mergeEtc } from "./etc-merge.ts";
import { findKernel, publishKernel } from "./kernel.ts";
import { deploymentEtc, stagedFile, UNFINISHED } from "./layout.ts";
import { imageDirectory, type PlainContent, type PlainMetadata, type PlainNode } from "./plain-tree.ts";
import { readPlainTree, readRegularFile } from "./read-plain-tree.ts";
import type { Deployment } from "./snapshot.ts";
import { recordStaged } from "./stage.ts";
import { modeOnDisk, writePlainTree } from "./write-plain-tree.ts";

/** See {@link DeployBackend.activate}. */
export async function activateDeployment(engine: Engine, staged: StagedDeployment): Promise<ActivationReport> {
  const snapshot = await sweepAndRead(engine);
  const booted = requireConfirmed(snapshot);
  await requireSafeLoader(engine);
  const { pending } = slotsOf(snapshot);
  if (pending?.id !== staged.id) {
    throw new DeployError("DEPLOY_NOT_STAGED", `expected ${staged.id} to be staged, got ${pending?.id ?? "nothing"}`);
  }
  if (!pending.isStaged) await stageAgain(engine, pending.id);
  const kept = [booted.id, pending.id];
  await dropDeployments(engine, ({ id, isPinned }) => !kept.includes(id) && !isPinned);

  const { conflicts, notApplied } = await finaliseEtc(engine, booted, pending);
  const root = loadImage(engine.store, pending.origin.imageDigest);
  await publishKernel(engine, findKernel(root), pending.origin.kernel.bootChecksum);
  await engine.loader.arm(activationEntry(pending.origin), engine.tries);
  await removeDurably(engine.exec, stagedFile(engine.paths));
  return { id: pending.id, conflicts, notApplied };
}

/** Activated before: it is only staged again, so that no entry stands over an /etc that is half exchanged. */
async function stageAgain(engine: Engine, id: DeploymentId): Promise<void> {
  await recordStaged(engine, id); // first, so that a cut between the two leaves it staged and not forgotten
  await engine.loader.remove(activationEntryName(id));
}

async function finaliseEtc(engine: Engine, booted: Deployment, next: Deployment) {
  const { paths, store, isRoot } = engine;
  const { etc, conflicts } = mergeEtcOf(engine, booted, next);
  const destination = deploymentEtc(paths, next.id);
  const unfinished = parseAbsPath(`${destination}${UNFINISHED}`);
  try {
    rmSync(unfinished, { recursive: true, force: true });
    const notApplied = writePlainTree(etc, unfinished, { store, isRoot, label: "/etc" });
    await syncEngine(engine);
    rmSync(destination, { recursive: true, force: true });
    renameSync(unfinished, destination);
    await syncEngine(engine);
    return { conflicts, notApplied };
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true }); // on a full disk not even the journal could tell otherwise
    throw hostError(error, `making ${destination}`);
  }
}

function mergeEtcOf(engine: Engine, booted: Deployment, next: Deployment): EtcMerge {
  const { paths, store, isRoot } = engine;
  const old = imageDirectory(loadImage(store, booted.origin.imageDigest), "etc");
  const fresh = imageDirectory(loadImage(store, next.origin.imageDigest), "etc");
  const local = readPlainTree(deploymentEtc(paths, booted.id));
  const readContent = (content: PlainContent): Uint8Array => {
    switch (content.from) {
      case "store":
        return readFileContent(store, content.content);
      case "disk":
        return Buffer.concat([...readRegularFile(content.path)].map((chunk) => Buffer.from(chunk)));
      case "memory":
        return content.bytes;
    }
  };
  const isSameMetadata = (a: PlainMetadata, b: PlainMetadata, kind: PlainNode["kind"]) =>
    kind === "symlink" ||
    (modeOnDisk(a.mode, kind, isRoot) === modeOnDisk(b.mode, kind, isRoot) &&
      (!isRoot || (a.uid === b.uid && a.gid === b.gid)));
  return mergeEtc(old, local, fresh, { readContent, isSameMetadata });
}
