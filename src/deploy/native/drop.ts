/**
 * Removing deployments: the entry, then the kernel, then the directory, with a sync after each, so that nothing bootable
 * ever names what is gone. What a cut leaves is found by the next sweep or collection.
 */
import { readdirSync, rmSync, statSync } from "node:fs";
import type { BootEntry } from "../../boot/boot-loader.ts";
import { removeDurably } from "../../boot/publish-file.ts";
import type { DevicePaths } from "../../config/device-paths.ts";
import { errnoOf } from "../../error.ts";
import { hostError } from "../../host/error.ts";
import { syncFilesystem } from "../../host/sync-filesystem.ts";
import { type AbsPath, below } from "../../path.ts";
import type { DeploymentId } from "../deployment-id.ts";
import { lastGood } from "./boot-facts.ts";
import type { Engine } from "./engine.ts";
import { deploymentDirectory, kernelsDirectory } from "./layout.ts";
import { type Deployment, deploymentOf, readSnapshot, type Snapshot } from "./snapshot.ts";

export interface Dropped {
  readonly deployments: readonly DeploymentId[];
  /** Boot checksums of the removed kernels. */
  readonly kernels: readonly string[];
  readonly kernelBytes: number;
}

/**
 * Drops the deployments that `isObsolete` names, and kernels that nothing needs. The booted deployment and the last good
 * one stay whatever it says.
 */
export async function dropDeployments(
  engine: Engine,
  isObsolete: (deployment: Deployment) => boolean,
): Promise<Dropped> {
  const snapshot = readSnapshot(engine.paths, engine.loader);
  const obsolete = obsoleteOf(snapshot, isObsolete);
  for (const { name } of obsolete.flatMap(({ entries }) => entries)) await engine.loader.remove(name);
  const kept = snapshot.deployments.filter((deployment) => !obsolete.includes(deployment));
  const kernels = await removeKernels(engine, neededKernels(snapshot, kept, obsolete));
  for (const { id } of obsolete) await removeDurably(engine.exec, deploymentDirectory(engine.paths, id));
  return { deployments: obsolete.map(({ id }) => id), ...kernels };
}

/** The deployments that `isObsolete` names, but for those that stay whatever it says. */
export function obsoleteOf(snapshot: Snapshot, isObsolete: (deployment: Deployment) => boolean): readonly Deployment[] {
  const good = lastGood(snapshot);
  return snapshot.deployments.filter(
    (deployment) => !deployment.isBooted && deployment !== good && isObsolete(deployment),
  );
}

/**
 * What the boot partition gives back when these deployments go, in bytes.
 * @param isObsolete by default those that go when the next deployment is activated
 */
export function reclaimableKernelBytes(
  { paths, loader }: Pick<Engine, "paths" | "loader">,
  isObsolete: (deployment: Deployment) => boolean = ({ isPinned }) => !isPinned,
): number {
  const snapshot = readSnapshot(paths, loader);
  const obsolete = obsoleteOf(snapshot, isObsolete);
  const kept = snapshot.deployments.filter((deployment) => !obsolete.includes(deployment));
  const unneeded = unneededKernels(paths, neededKernels(snapshot, kept, obsolete));
  return unneeded.reduce((sum, name) => sum + sizeOfFiles(below(kernelsDirectory(paths), name)), 0);
}

/** Kernels of what is kept, and of every entry that stays, whoever made it. */
function neededKernels(
  snapshot: Snapshot,
  kept: readonly Deployment[],
  obsolete: readonly Deployment[],
): ReadonlySet<string> {
  const isGone = (entry: BootEntry) => obsolete.some(({ id }) => id === deploymentOf(entry));
  const named = snapshot.entries
    .filter((entry) => !isGone(entry))
    .flatMap(({ linux, initrd }) => [linux, initrd ?? linux]);
  return new Set([
    ...kept.map(({ origin }) => origin.kernel.bootChecksum),
    ...named.flatMap((path) => path.split("/")),
  ]);
}

async function removeKernels(engine: Engine, needed: ReadonlySet<string>): Promise<Omit<Dropped, "deployments">> {
  const directory = kernelsDirectory(engine.paths);
  const unneeded = unneededKernels(engine.paths, needed);
  let kernelBytes = 0;
  for (const name of unneeded) {
    kernelBytes += sizeOfFiles(below(directory, name));
    removeTree(below(directory, name));
  }
  if (unneeded.length > 0) await syncFilesystem(engine.exec, directory);
  return { kernels: unneeded, kernelBytes };
}

function unneededKernels(paths: DevicePaths, needed: ReadonlySet<string>): readonly string[] {
  return listNames(kernelsDirectory(paths)).filter((name) => /^[0-9a-f]{64}$/.test(name) && !needed.has(name));
}

function removeTree(path: AbsPath): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch (error) {
    throw hostError(error, `removing ${path}`);
  }
}

function sizeOfFiles(directory: AbsPath): number {
  return listNames(directory).reduce(
    (sum, name) => sum + (statSync(below(directory, name), { throwIfNoEntry: false })?.size ?? 0),
    0,
  );
}

function listNames(directory: AbsPath): readonly string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ENOTDIR") return [];
    throw hostError(error, `reading ${directory}`);
  }
}
