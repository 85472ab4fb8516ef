/**
 * Collecting what no deployment needs.
 *
 * Roots are the boot entries, the deployments that are kept (booted, rollback, staged or armed, pinned, last good) and the
 * command line of the running kernel; never a journal. Order: entries, kernels, deployment directories, then images and
 * objects of the store.
 */
import type { ImageDigest } from "../../composefs/image-digest.ts";
import { collectStoreGarbage } from "../../store/gc-store.ts";
import type { GcOptions, GcResult } from "../port.ts";
import { lastGood, requireConfirmed, slotsOf } from "./boot-facts.ts";
import { parseCommandLine } from "./command-line.ts";
import { dropDeployments } from "./drop.ts";
import { type Engine, sweepAndRead } from "./engine.ts";
import { readSnapshot, type Snapshot } from "./snapshot.ts";

/** See {@link DeployBackend.gc}. */
export async function collectGarbage(engine: Engine, options: GcOptions = {}): Promise<GcResult> {
  const before = await sweepAndRead(engine);
  requireConfirmed(before);
  const { booted, pending, rollback } = slotsOf(before);
  const kept = [booted, pending, options.dropRollback === true ? undefined : rollback, lastGood(before)];
  const keptIds = kept.flatMap((deployment) => deployment?.id ?? []);
  const dropped = await dropDeployments(engine, ({ id, isPinned }) => !keptIds.includes(id) && !isPinned);
  await removeRedundantEntries(engine);
  const after = readSnapshot(engine.paths, engine.loader);
  const store = await collectStoreGarbage(engine.store, imageRoots(after));
  return {
    deployments: dropped.deployments,
    kernels: dropped.kernels,
    objects: store.removedObjects,
    freedBytes: store.removedBytes + dropped.kernelBytes,
  };
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
