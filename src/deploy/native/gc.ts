/**
 * Collecting what no deployment needs.
 *
 * Roots are the boot entries, the deployments that are kept (booted, rollback, staged or armed, pinned, last good) and the
 * command line of the running kernel; never a journal. Order: entries, kernels, deployment directories, then images and
 * objects of the store.
 */
import { statSync } from "node:fs";
import type { ImageDigest } from "../../composefs/image-digest.ts";
import { collectStoreGarbage } from "../../store/gc-store.ts";
import { planStoreGarbage, type StoreGarbage } from "../../store/plan-garbage.ts";
import type { ContentDigest } from "../../tree/node.ts";
import type { GcOptions, GcResult } from "../port.ts";
import { lastGood, requireBootPartition, requireConfirmed, slotsOf } from "./boot-facts.ts";
import { parseCommandLine } from "./command-line.ts";
import { dropDeployments, obsoleteOf, reclaimableKernelBytes } from "./drop.ts";
import { type Engine, sweepAndRead } from "./engine.ts";
import { engineDirectory } from "./layout.ts";
import { type Deployment, deploymentOf, readSnapshot, type Snapshot } from "./snapshot.ts";

/** See {@link DeployBackend.gc}. */
export async function collectGarbage(engine: Engine, options: GcOptions = {}): Promise<GcResult> {
  const before = await sweepAndRead(engine);
  requireConfirmed(before);
  const dropped = await dropDeployments(engine, obsoleteTest(before, options));
  await removeRedundantEntries(engine);
  const after = readSnapshot(engine.paths, engine.loader);
  const store = await collectStoreGarbage(engine.store, imageRoots(after), { onProgress: options.onProgress });
  return {
    deployments: dropped.deployments,
    kernels: dropped.kernels,
    objects: store.removedObjects,
    freedBytes: store.removedBytes + dropped.kernelBytes,
  };
}

export type IsWanted = (digest: ContentDigest) => boolean;

/**
 * What {@link collectGarbage} would free on the file system of the store. Changes nothing.
 * @param isWanted objects that are stored again right after, and so give no room
 * @throws DeployError DEPLOY_BOOT_PARTITION_ABSENT; StoreError
 */
export function planGarbage(engine: Engine, options: GcOptions, isWanted: IsWanted): StoreGarbage {
  const { paths, loader, store } = engine;
  const snapshot = requireBootPartition(readSnapshot(paths, loader));
  const isObsolete = obsoleteTest(snapshot, options);
  const obsolete = obsoleteOf(snapshot, isObsolete);
  const after = {
    ...snapshot,
    deployments: snapshot.deployments.filter((deployment) => !obsolete.includes(deployment)),
    entries: snapshot.entries.filter((entry) => !obsolete.some(({ id }) => id === deploymentOf(entry))),
  };
  const { bytes, inodes } = planStoreGarbage(store, imageRoots(after), isWanted);
  const isOneFilesystem = statSync(engineDirectory(paths)).dev === statSync(paths.boot).dev;
  return { bytes: bytes + (isOneFilesystem ? reclaimableKernelBytes(engine, isObsolete) : 0), inodes };
}

function obsoleteTest(snapshot: Snapshot, { dropRollback }: GcOptions): (deployment: Deployment) => boolean {
  const { booted, pending, rollback } = slotsOf(snapshot);
  const kept = [booted, pending, dropRollback === true ? undefined : rollback, lastGood(snapshot)];
  const keptIds = kept.flatMap((deployment) => deployment?.id ?? []);
  return ({ id, isPinned }) => !keptIds.includes(id) && !isPinned;
}

/** After rollbacks a deployment has several entries; the first good one is enough, unless the machine booted by it. */
async function removeRedundantEntries(engine: Engine): Promise<void> {
  const snapshot = readSnapshot(engine.paths, engine.loader);
  for (const { entries, isBooted } of snapshot.deployments) {
    const good = entries.findIndex(({ counter }) => counter === undefined);
    if (isBooted || good < 0) continue;
    for (const { name } of entries.slice(good + 1)) await engine.loader.remove(name);
  }
}

/** The images that must stay. */
export function imageRoots({ deployments, entries, running }: Snapshot): readonly ImageDigest[] {
  const ofEntries = entries.flatMap(({ options }) => parseCommandLine(options).imageDigest ?? []);
  const ofDeployments = deployments.map(({ origin }) => origin.imageDigest);
  const ofRunning = running.imageDigest === undefined ? [] : [running.imageDigest];
  return [...new Set([...ofEntries, ...ofDeployments, ...ofRunning])];
}
