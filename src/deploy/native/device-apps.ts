/**
 * The container images of a native device: part of a deployment like its /etc, recorded in its origin, and shared by the
 * deployments that have the same.
 *
 * They stand in the storage of podman, in the one /var. The copies on their way there stand with the engine: nothing may be
 * in /var before it is seeded.
 */
import type { Target } from "../../bundle/statement.ts";
import { type DevicePaths, HOST_DEVICE_PATHS } from "../../config/device-paths.ts";
import type { Exec } from "../../host/exec.ts";
import type { LayoutReader } from "../../oci/layout.ts";
import { below } from "../../path.ts";
import { readAppRecord } from "../apps/app-record.ts";
import { type AppPin, type AppPorts, pinsOf } from "../apps/port.ts";
import { pruneApps } from "../apps/prune-apps.ts";
import type { AppStorage } from "../apps/storage.ts";
import { type AppsPlan, planApps } from "../apps/store-apps.ts";
import type { StoreOptions } from "../port.ts";
import { lastGood, slotsOf } from "./boot-facts.ts";
import type { Engine } from "./engine.ts";
import { engineDirectory, varDirectory } from "./layout.ts";
import { readSnapshot } from "./snapshot.ts";

type AppsEngine = Pick<Engine, "paths" | "loader" | "apps">;

export function appPortsOf(paths: DevicePaths, exec: Exec): AppPorts {
  return { exec, directory: engineDirectory(paths), storage: storageOf(paths) };
}

function storageOf(paths: DevicePaths): AppStorage {
  if (paths.sysroot === HOST_DEVICE_PATHS.sysroot) return { kind: "default" };
  return {
    kind: "at",
    driver: paths.isSimulated ? "vfs" : "overlay", // who is not root cannot mount an overlay
    root: below(varDirectory(paths), "lib", "containers", "storage"),
    runRoot: below(paths.runtimeDirectory, "containers"),
  };
}

/**
 * Clears what earlier runs have left, and asks what can be asked before the first layer is read. The names that the running
 * system and the last good one have stay theirs; every other deployment makes way for the new one.
 * @throws as `planApps`
 */
export async function planDeviceApps(
  engine: AppsEngine,
  source: LayoutReader,
  target: Target,
  options: StoreOptions | undefined,
): Promise<AppsPlan> {
  await pruneDeviceApps(engine, pinsOf(target.apps));
  const snapshot = readSnapshot(engine.paths, engine.loader);
  const staying = [slotsOf(snapshot).booted, lastGood(snapshot)];
  const kept = staying.flatMap((deployment) => deployment?.origin.apps ?? []);
  return planApps(engine.apps, source, target, kept, options);
}

/**
 * Removes what no deployment has.
 * @param coming what a deployment will have that is about to be made
 * @throws HostError
 */
export async function pruneDeviceApps(
  { paths, loader, apps }: AppsEngine,
  coming: readonly AppPin[] = [],
): Promise<void> {
  if (readAppRecord(apps.directory).loaded.length === 0) return;
  const { deployments, damaged } = readSnapshot(paths, loader);
  if (damaged.length > 0) return; // what they have cannot be read
  await pruneApps(apps, [...deployments.flatMap(({ origin }) => origin.apps), ...coming]);
}
