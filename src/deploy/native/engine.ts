/** What the steps of the native engine work with; made once by `openNativeBackend`. */
import { existsSync } from "node:fs";
import type { BootLoader } from "../../boot/boot-loader.ts";
import { removeDurably } from "../../boot/publish-file.ts";
import type { DevicePaths } from "../../config/device-paths.ts";
import type { Clock } from "../../host/clock.ts";
import type { Exec } from "../../host/exec.ts";
import { syncFilesystem } from "../../host/sync-filesystem.ts";
import type { ObjectStore } from "../../store/object-store.ts";
import type { AppPorts } from "../apps/port.ts";
import { DeployError } from "../error.ts";
import { requireBootPartition } from "./boot-facts.ts";
import { engineDirectory, stagedFile } from "./layout.ts";
import { readSnapshot, type Snapshot } from "./snapshot.ts";

export interface Engine {
  readonly paths: DevicePaths;
  readonly store: ObjectStore;
  readonly apps: AppPorts;
  readonly exec: Exec;
  readonly clock: Clock;
  readonly loader: BootLoader;
  /** How often a new deployment may be tried before the loader falls back. */
  readonly tries: number;
  /** True when owners can be set on disk. */
  readonly isRoot: boolean;
}

/** A barrier: what was written to the engine's file system so far is on stable storage when it returns. */
export function syncEngine({ exec, paths }: Pick<Engine, "exec" | "paths">): Promise<void> {
  return syncFilesystem(exec, engineDirectory(paths));
}

/**
 * Clears what interrupted runs left, and reads what there is. Every verb that writes begins with it; running it twice, or
 * cutting it anywhere, changes nothing that boots.
 * @throws DeployError DEPLOY_BOOT_PARTITION_ABSENT; HostError
 */
export async function sweepAndRead(engine: Engine): Promise<Snapshot> {
  const { exec, paths, loader } = engine;
  await loader.sweep();
  const snapshot = requireBootPartition(readSnapshot(paths, loader));
  for (const leftover of snapshot.leftovers) await removeDurably(exec, leftover);
  const hasStaged = snapshot.deployments.some(({ isStaged }) => isStaged);
  if (!hasStaged && existsSync(stagedFile(paths))) await removeDurably(exec, stagedFile(paths));
  return { ...snapshot, leftovers: [] };
}

/** @throws DeployError DEPLOY_LOADER_UNSAFE when a new entry would not be tried, or not be fallen back from */
export async function requireSafeLoader({ loader }: Engine): Promise<void> {
  const { problem } = await loader.probe();
  if (problem !== undefined)
    throw new DeployError("DEPLOY_LOADER_UNSAFE", `the boot loader cannot fall back: ${problem}`);
}
