/**
 * From a disk to a mounted target: table, file systems, mounts.
 *
 *     <scratch>/root      root file system      → /sysroot of the device
 *     <scratch>/boot      boot partition        → /boot of the device
 *
 * Everything that is opened on the way is closed again in reverse order, when the target is disposed of and when a step
 * fails or is interrupted. The scratch directory is private to us, so that nobody else works in the mounts.
 */
import { rmSync } from "node:fs";
import { targetDevicePaths } from "../../config/device-paths.ts";
import { type AbsPath, below } from "../../path.ts";
import { DeployError } from "../error.ts";
import { formatSfdiskScript, type PlannedPartition } from "./disk-layout.ts";
import type { InstallTarget } from "./install-target.ts";
import { type MadeFilesystem, makeFilesystem } from "./make-filesystem.ts";
import { mountFilesystem } from "./mount-filesystem.ts";
import { openPartitions, type PartitionPorts, readPartitionTable } from "./partition-devices.ts";

export interface DiskPorts extends PartitionPorts {
  /** Makes a private, empty directory. */
  readonly makeScratch: () => AbsPath;
  readonly randomUuid: () => string;
  /** Told what is being done. */
  readonly onStep: (step: string) => void;
}

export interface PreparedDisk extends AsyncDisposable {
  readonly target: InstallTarget;
}

const SFDISK_TIMEOUT_MS = 5 * 60_000;

/**
 * Overwrites the disk. The caller has asked whether it may be.
 * @throws HostError; DeployError DEPLOY_DISK_UNSUITABLE when the table does not come out as planned; the reason of the signal
 */
export async function prepareDisk(
  ports: DiskPorts,
  disk: AbsPath,
  layout: readonly PlannedPartition[],
  /** By which label a file system is to be found, where that is not its UUID. */
  foundBy: { readonly rootLabel?: string | undefined; readonly bootLabel?: string | undefined } = {},
): Promise<PreparedDisk> {
  const { exec, signal, onStep } = ports;
  await using stack = new AsyncDisposableStack();
  onStep(`partitioning ${disk}`);
  signal?.throwIfAborted();
  const sfdisk = ["sfdisk", "--quiet", "--wipe", "always", "--wipe-partitions", "always", disk] as const;
  await exec(sfdisk, { stdin: formatSfdiskScript(layout), timeoutMs: SFDISK_TIMEOUT_MS });
  const table = await readPartitionTable(exec, disk);
  if (table.length !== layout.length) {
    const what = `${disk}: expected ${layout.length} partitions, got ${table.length}`;
    throw new DeployError("DEPLOY_DISK_UNSUITABLE", what);
  }
  const { devices } = stack.use(await openPartitions(ports, disk, table));
  const scratch = ports.makeScratch();
  stack.defer(() => rmSync(scratch, { recursive: true, force: true, maxRetries: 0 }));

  const [root, boot] = [below(scratch, "root"), below(scratch, "boot")];
  const made = new Map<PlannedPartition["role"], MadeFilesystem & { readonly device: AbsPath }>();
  for (const [index, { role, filesystem }] of layout.entries()) {
    const device = devices[index];
    if (device === undefined || filesystem === undefined || role === "bios-boot") continue;
    signal?.throwIfAborted();
    onStep(`making ${filesystem.type} for ${role} on ${device}`);
    const options = { purpose: role, uuid: ports.randomUuid() };
    made.set(role, { ...(await makeFilesystem(exec, device, filesystem, options)), device });
    const [at, mountOptions] =
      role === "root" ? [root, ["rw", "nosuid", "nodev"]] : [boot, bootOptions(filesystem.type)];
    stack.use(await mountFilesystem(exec, { device, type: filesystem.type, at, options: mountOptions }));
  }
  const [rootMade, bootMade] = [made.get("root"), made.get("boot")];
  if (rootMade === undefined || bootMade === undefined) throw new TypeError("a layout has a root and a boot partition");
  const { rootLabel, bootLabel } = foundBy;
  const target: InstallTarget = {
    paths: targetDevicePaths(root, boot, scratch),
    rootMountSpec: rootLabel === undefined ? `UUID=${rootMade.uuid}` : `LABEL=${rootLabel}`,
    boot: {
      type: bootMade.type,
      device: bootMade.device,
      what: bootLabel === undefined ? `/dev/disk/by-uuid/${bootMade.uuid}` : `/dev/disk/by-label/${bootLabel}`,
    },
    disk,
  };
  const opened = stack.move();
  return { target, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}

/** vfat knows no owners: what lies there is for root alone. */
function bootOptions(type: MadeFilesystem["type"]): readonly string[] {
  return ["rw", "nosuid", "nodev", "noexec", ...(type === "vfat" ? ["umask=0077"] : [])];
}
