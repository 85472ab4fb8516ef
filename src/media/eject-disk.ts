/**
 * Letting go of a disk: everything on it unmounted (which writes what is still in memory), encrypted containers closed,
 * then the power off, so that it can be taken out. Deepest first.
 *
 * Unmounting must succeed; switching off is a courtesy: an unmounted disk can be taken out without it, and some (cards,
 * loop devices) cannot be switched off.
 */
import { closeSync, constants, openSync, writeSync } from "node:fs";
import { basename } from "node:path";
import { errnoOf } from "../error.ts";
import { HostError } from "../host/error.ts";
import type { Exec } from "../host/exec.ts";
import type { HasTool } from "../host/find-tool.ts";
import { type AbsPath, below, parseAbsPath } from "../path.ts";
import { type BlockDevice, walkDevice } from "./block-device.ts";
import { MediaError } from "./error.ts";

export interface EjectPorts {
  readonly exec: Exec;
  readonly hasTool: HasTool;
  readonly note: (text: string) => void;
  /** Others than root ask udisks. */
  readonly isRoot: boolean;
  /** Takes a SCSI or USB disk away from the kernel, which switches it off; false when it has no such switch. */
  readonly deleteDisk: (disk: BlockDevice) => boolean;
}

const UNMOUNT_TIMEOUT_MS = 30 * 60_000; // a full page cache of a large machine goes out at 5 MB/s
const TIMEOUT_MS = 60_000;

/** Unmounts and closes all that is on it. @throws MediaError MEDIA_BUSY */
export async function releaseDisk(disk: BlockDevice, ports: EjectPorts): Promise<void> {
  for (const device of [...walkDevice(disk)].reverse()) {
    for (const place of [...device.mountPoints].reverse()) {
      ports.note(`  unmount ${place}`);
      await letGo(unmountCommand(device, place, ports.isRoot), device, ports);
    }
    if (device.kind !== "crypt") continue;
    ports.note(`  close ${device.path}`);
    await letGo(closeCommand(device, disk, ports.isRoot), device, ports);
  }
}

/** Switches a released disk off where it can be. @returns whether it is off now */
export async function powerOff(disk: BlockDevice, ports: EjectPorts): Promise<boolean> {
  if (disk.kind === "loop") return false;
  const attempts: readonly (readonly [string, ...string[]])[] = [
    ["udisksctl", "power-off", "--no-user-interaction", "--block-device", disk.path],
    ["eject", disk.path],
  ];
  for (const argv of attempts) {
    if (ports.hasTool(argv[0]) && (await succeeds(argv, ports.exec))) return true;
  }
  return ports.deleteDisk(disk);
}

function unmountCommand({ path }: BlockDevice, place: string, isRoot: boolean): readonly [string, ...string[]] {
  return isRoot ? ["umount", place] : ["udisksctl", "unmount", "--no-user-interaction", "--block-device", path];
}

function closeCommand(mapped: BlockDevice, disk: BlockDevice, isRoot: boolean): readonly [string, ...string[]] {
  if (isRoot) return ["cryptsetup", "close", basename(mapped.path)];
  const container = walkDevice(disk).find(({ children }) => children.includes(mapped)) ?? disk;
  return ["udisksctl", "lock", "--no-user-interaction", "--block-device", container.path];
}

async function letGo(argv: readonly [string, ...string[]], { path }: BlockDevice, { exec }: EjectPorts): Promise<void> {
  try {
    await exec(argv, { timeoutMs: UNMOUNT_TIMEOUT_MS });
  } catch (error) {
    if (!(error instanceof HostError) || error.code !== "HOST_TOOL_FAILED") throw error;
    throw new MediaError("MEDIA_BUSY", `${path} is still in use: ${error.message}`, { cause: error });
  }
}

async function succeeds(argv: readonly [string, ...string[]], exec: Exec): Promise<boolean> {
  try {
    await exec(argv, { timeoutMs: TIMEOUT_MS });
    return true;
  } catch (error) {
    if (error instanceof HostError) return false; // no udisks daemon, no motor, no right: the next way is tried
    throw error;
  }
}

const SYSFS_BLOCK = parseAbsPath("/sys/block");

/** Writes to the disk's `device/delete` (Documentation/ABI/stable/sysfs-class-scsi_device…): only SCSI disks have it. */
export function deleteDiskOnHost(disk: { readonly kernelName: string }): boolean {
  const file: AbsPath = below(SYSFS_BLOCK, disk.kernelName, "device", "delete");
  try {
    // Write-only, as the file is: sysfs lets nobody read it, root neither.
    const handle = openSync(file, constants.O_WRONLY);
    try {
      writeSync(handle, "1");
    } finally {
      closeSync(handle);
    }
    return true;
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return false; // no SCSI disk, or not root
  }
}
