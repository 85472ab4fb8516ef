/**
 * Apps for a backend whose deployments are somebody else's, as bootc's are: what belongs to which of them is recorded here,
 * by the manifest digest of the system image.
 */
import type { Target } from "../../bundle/statement.ts";
import type { DevicePaths } from "../../config/device-paths.ts";
import { readDiskSpace } from "../../host/disk-space.ts";
import type { Exec } from "../../host/exec.ts";
import type { Digest } from "../../oci/digest.ts";
import type { LayoutReader } from "../../oci/layout.ts";
import { parseAbsPath } from "../../path.ts";
import { DeployError } from "../error.ts";
import type { StoreOptions } from "../port.ts";
import type { StoredLayout } from "../stored-image.ts";
import { discardCopies } from "./app-copies.ts";
import { type AppRecord, changeAppRecord, readAppRecord } from "./app-record.ts";
import { loadApps } from "./load-apps.ts";
import { type AppPin, type AppPorts, pinsOf } from "./port.ts";
import { pruneApps } from "./prune-apps.ts";
import { copyApps, planApps } from "./store-apps.ts";

/** Kept free, for logs and journals: a full file system breaks other things. */
const RESERVE_BYTES = 8 << 20;

export interface BoundApps {
  /**
   * Copies the images of a target onto this device. Called before the first layer of the system is read: it refuses what
   * cannot be loaded.
   * @returns how many bytes it wrote
   * @throws DeployError DEPLOY_APP_…, DEPLOY_NO_SPACE; OciError, BundleError, HostError
   */
  store(source: LayoutReader, target: Target, options: StoreOptions): Promise<number>;
  /**
   * Loads the images of a stored release. Called right before it is staged: bootc prunes what no deployment binds.
   * @throws DeployError DEPLOY_APP_NOT_LOADED; HostError
   */
  load(image: StoredLayout, signal: AbortSignal | undefined): Promise<void>;
  /** Removes what no deployment has. Called after a confirmation, a rollback and gc. @throws HostError */
  prune(): Promise<void>;
}

/**
 * bootc mounts /sysroot read-only, where its store is, and makes it writable for itself alone, in a mount namespace of its
 * own. So do we: nothing else on the host sees it so. The script is fixed, and what it runs comes as arguments.
 */
const REMOUNT = 'mount -o remount,rw /sysroot && exec "$@"';
const WITH_WRITABLE_SYSROOT = ["unshare", "--mount", "--", "sh", "-c", REMOUNT, "sh"] as const;

/** bootc's own store of bound images, which its quadlets name as an additional one. */
export function bootcAppPorts({ stateDirectory }: Pick<DevicePaths, "stateDirectory">, exec: Exec): AppPorts {
  const [root, runRoot] = [parseAbsPath("/usr/lib/bootc/storage"), parseAbsPath("/run/bootc/storage")];
  return {
    exec,
    directory: stateDirectory,
    storage: { kind: "at", driver: "overlay", root, runRoot, enter: WITH_WRITABLE_SYSROOT },
  };
}

/** @param listSystems the manifest digests of the deployments that there are, a staged one included */
export function openBoundApps(ports: AppPorts, listSystems: () => Promise<readonly Digest[]>): BoundApps {
  const { directory } = ports;
  return {
    async store(source, target, options) {
      const systems = (await listSystems()).filter((digest) => digest !== target.image.digest);
      const plan = await planApps(ports, source, target, bindingsOf(readAppRecord(directory), systems), options);
      requireRoom(ports, plan.neededBytes);
      return copyApps(ports, source, plan, options);
    },
    async load({ manifestDigest, apps }, signal) {
      if (apps.length === 0) return;
      const pins = pinsOf(apps);
      changeAppRecord(directory, (record) => ({
        ...record,
        bindings: { ...record.bindings, [manifestDigest]: [...pins] },
      }));
      await loadApps(ports, pins, signal);
    },
    async prune() {
      const record = readAppRecord(directory);
      if (record.loaded.length === 0 && Object.keys(record.bindings).length === 0) return;
      const systems = await listSystems();
      await pruneApps(ports, bindingsOf(record, systems));
      changeAppRecord(directory, ({ bindings, ...rest }) => ({
        ...rest,
        bindings: Object.fromEntries(Object.entries(bindings).filter(([digest]) => systems.includes(digest as Digest))),
      }));
      discardCopies(directory);
    },
  };
}

function bindingsOf({ bindings }: AppRecord, systems: readonly Digest[]): readonly AppPin[] {
  return systems.flatMap((digest) => bindings[digest] ?? []);
}

function requireRoom({ directory }: AppPorts, neededBytes: number): void {
  if (neededBytes === 0) return;
  const { freeBytes } = readDiskSpace(directory);
  if (neededBytes + RESERVE_BYTES <= freeBytes) return;
  const what = `its container images need ${neededBytes + RESERVE_BYTES} bytes`;
  throw new DeployError("DEPLOY_NO_SPACE", `the update does not fit ${directory}: ${what}, ${freeBytes} are free`);
}
