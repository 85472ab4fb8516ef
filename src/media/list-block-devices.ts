/**
 * The block devices of this machine: lsblk's trees, with a second opinion on what is mounted.
 *
 * A mount that lsblk does not tell (old versions name one mount point a device; containers hide some) would make a disk
 * in use look free, so df's view is added. Without lsblk there is no list: what df names is listed with everything else
 * unknown, and what is unknown counts as a system disk.
 */

import { HostError } from "../host/error.ts";
import type { Exec } from "../host/exec.ts";
import type { ListMountedVolumes, MountedVolume } from "../host/mounted-volumes.ts";
import { parseAbsPath } from "../path.ts";
import { fillFromDevices } from "./blkid.ts";
import type { BlockDevice } from "./block-device.ts";
import { LSBLK_COLUMNS, parseLsblk } from "./lsblk.ts";

export interface BlockDevicePorts {
  readonly exec: Exec;
  readonly listMountedVolumes: ListMountedVolumes;
  /** Without udev, lsblk does not know what is on the devices, and blkid is asked. */
  readonly isUdevRunning: () => boolean;
  readonly signal?: AbortSignal;
}

const LSBLK_TIMEOUT_MS = 30_000; // a dying stick makes the kernel retry for many seconds
const LSBLK_SOME_NOT_FOUND = 64; // lsblk(8): devices that vanished while it looked

/**
 * Disks with their partitions and what is opened on them.
 * @throws MediaError MEDIA_DEVICE_LIST_INVALID; HostError HOST_TOOL_FAILED, HOST_TOOL_TIMEOUT
 */
export async function listBlockDevices(ports: BlockDevicePorts): Promise<readonly BlockDevice[]> {
  const json = await runLsblk(ports);
  const volumes = await ports.listMountedVolumes().catch((error: unknown) => {
    if (error instanceof HostError && json !== undefined) return []; // df fails for one dead mount; lsblk has told enough
    throw error;
  });
  if (json === undefined) return volumes.flatMap(unknownDevice);
  const devices = addMounts(parseLsblk(json), volumes);
  return ports.isUdevRunning() ? devices : fillFromDevices(devices, ports.exec, ports.signal);
}

/** undefined when lsblk is not installed. */
async function runLsblk({ exec, signal }: BlockDevicePorts): Promise<string | undefined> {
  const options = {
    timeoutMs: LSBLK_TIMEOUT_MS,
    accept: [LSBLK_SOME_NOT_FOUND],
    ...(signal === undefined ? {} : { signal }),
  };
  const list = async (columns: string) => {
    const { stdout } = await exec(["lsblk", "--json", "--bytes", "--output", columns], options);
    return stdout.toString("utf8");
  };
  try {
    return await list(LSBLK_COLUMNS[0]);
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    if (error.code === "HOST_TOOL_MISSING") return undefined;
    if (error.code !== "HOST_TOOL_FAILED") throw error;
    return list(LSBLK_COLUMNS[1]); // an lsblk that does not know a column ends in failure
  }
}

/** Adds mount points that only `volumes` tell. */
function addMounts(devices: readonly BlockDevice[], volumes: readonly MountedVolume[]): readonly BlockDevice[] {
  return devices.map((device) => {
    const told = volumes.filter(({ source }) => source === device.path).map(({ mountPoint }) => mountPoint);
    const isNews = (path: string) => !device.mountPoints.some((known) => known.startsWith(path)); // df's are cut at spaces
    return {
      ...device,
      mountPoints: [...device.mountPoints, ...told.filter(isNews)],
      children: addMounts(device.children, volumes),
    };
  });
}

function unknownDevice({ source, mountPoint, sizeBytes }: MountedVolume): readonly BlockDevice[] {
  if (!source.startsWith("/dev/")) return [];
  return [
    {
      path: parseAbsPath(source),
      kernelName: source.slice("/dev/".length),
      kind: "unknown",
      sizeBytes,
      isReadOnly: false,
      isRemovable: false,
      isHotplug: false,
      bus: undefined,
      vendor: undefined,
      model: undefined,
      serial: undefined,
      filesystem: undefined,
      label: undefined,
      uuid: undefined,
      partitionTable: undefined,
      partitionType: undefined,
      mountPoints: [mountPoint],
      children: [],
    },
  ];
}
