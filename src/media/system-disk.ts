/**
 * Whether a disk belongs to the running system, so that nothing here may ever write to it. Pure.
 *
 * The rule is turned round: a disk is a medium only when everything on it is known and in use, if at all, where media
 * are. Whatever is mounted elsewhere, swapped to, part of an array or not understood makes it a system disk.
 */
import { type BlockDevice, walkDevice, walkDevices } from "./block-device.ts";

export interface SystemDiskVerdict {
  readonly isSystemDisk: boolean;
  /** For people, one each; empty for a medium. */
  readonly reasons: readonly string[];
}

/** Where people and desktops mount media. Below these, and `/mnt` itself; `/tmp` for those who try things out. */
const MEDIA_PLACES = ["/media/", "/run/media/", "/mnt/", "/run/bootferry/", "/tmp/"];
const SWAP = "[SWAP]"; // lsblk's word

/** Kinds of devices that a medium can consist of. Everything else on a disk is a holder: LVM, RAID, multipath … */
const PLAIN_KINDS = ["disk", "part", "loop", "rom"];

/** Members of pools and arrays whose use lsblk does not tell. LVM2 and md are not here: their holders are told. */
const HIDDEN_USE =
  /^(?:zfs_member|bcache|bcachefs|drbd|ceph_bluestore|mpath_member|VMFS_volume_member|.*_raid_member)$/;
const SHOWN_USE = "linux_raid_member";
/** File systems over several devices: only one of them is told to be mounted. */
const MULTI_DEVICE = ["btrfs", "bcachefs"];

/** Types of partitions that only an installed operating system has (GPT: UEFI 2.10 §5.3, DPS; DOS: one byte). */
const SYSTEM_PARTITIONS: Readonly<Record<string, string>> = {
  "c12a7328-f81f-11d2-ba4b-00a0c93ec93b": "an EFI system partition",
  "0xef": "an EFI system partition",
  "21686148-6449-6e6f-744e-656564454649": "a BIOS boot partition",
  "e3c9e316-0b5c-4db8-817d-f92df00215ae": "a Windows reserved partition",
  "de94bba4-06d1-4d40-a16a-bfd50179d6ac": "a Windows recovery partition",
  "5808c8aa-7e8f-42e0-85d2-e1e90434cfb3": "a Windows dynamic disk",
  "7c3457ef-0000-11aa-aa11-00306543ecac": "an Apple APFS container",
  "4f68bce3-e8cd-4db1-96e7-fbcaf984b709": "a Linux root partition",
  "b921b045-1df0-41c3-af44-4c6f280d3fae": "a Linux root partition",
  "69dad710-2ce4-4e3c-b16c-21a1d49abed3": "a Linux root partition",
  "bc13c2ff-59e6-4262-a352-b275fd6f7172": "a Linux boot partition",
};

/**
 * Judges `disk`, one of the roots of `all`.
 * @param all every device of the machine: some file systems stand on several
 */
export function evaluateSystemDisk(disk: BlockDevice, all: readonly BlockDevice[]): SystemDiskVerdict {
  const members = [...walkDevice(disk)];
  const reasons = [
    ...kindReasons(disk),
    ...members.flatMap(useReasons),
    ...members.flatMap((device) => holderReasons(device, disk)),
    ...members.flatMap((device) => memberReasons(device, all)),
    ...(mayBeUnplugged(disk) ? [] : members.flatMap(installedReasons)),
  ];
  return { isSystemDisk: reasons.length > 0, reasons: [...new Set(reasons)] };
}

/** What stands on the disk, beyond mounts: volumes and pools that are open or may be. For whoever erases any disk. */
export function describeHolders(disk: BlockDevice, all: readonly BlockDevice[]): readonly string[] {
  const members = [...walkDevice(disk)];
  const held = members.filter(({ kind }) => !PLAIN_KINDS.includes(kind));
  const reasons = [
    ...held.map(({ kind, path }) => `${path} is in use on it (${kind})`),
    ...members.flatMap((device) => memberReasons(device, all)),
  ];
  return [...new Set(reasons)];
}

/** It can be taken away while the machine runs: what people mean by a stick or a card. */
export function mayBeUnplugged(disk: BlockDevice): boolean {
  return disk.isRemovable || disk.isHotplug || disk.bus === "usb";
}

function kindReasons({ kind, kernelName }: BlockDevice): readonly string[] {
  if (/^mmcblk\d+(?:boot\d+|rpmb|gp\d+)$/.test(kernelName)) return ["it is a boot area of built-in flash"];
  if (/^(?:zram|ram|md|dm-|mtdblock|ubiblock)\d+/.test(kernelName)) return ["it is no drive that can be taken away"];
  return ["disk", "loop", "rom"].includes(kind) ? [] : [`what kind of device it is is not known (${kind})`];
}

function useReasons({ path, mountPoints }: BlockDevice): readonly string[] {
  return mountPoints.flatMap((place) => {
    if (place === SWAP) return [`${path} is used as swap`];
    return isMediaPlace(place) ? [] : [`${path} is mounted at ${place}`];
  });
}

function isMediaPlace(path: string): boolean {
  return path === "/mnt" || MEDIA_PLACES.some((place) => path.startsWith(place));
}

/** An encrypted stick that is open is still a stick; an encrypted disk that stays is somebody's system. */
function holderReasons({ kind, path }: BlockDevice, disk: BlockDevice): readonly string[] {
  if (PLAIN_KINDS.includes(kind) || (kind === "crypt" && mayBeUnplugged(disk))) return [];
  return [`${path} is in use on it (${kind})`];
}

function memberReasons(
  { path, filesystem, uuid, mountPoints }: BlockDevice,
  all: readonly BlockDevice[],
): readonly string[] {
  if (filesystem === undefined) return [];
  if (filesystem !== SHOWN_USE && HIDDEN_USE.test(filesystem)) return [`${path} may be in use: it holds ${filesystem}`];
  if (!MULTI_DEVICE.includes(filesystem) || uuid === undefined || mountPoints.length > 0) return [];
  const mounted = walkDevices(all).find((other) => other.uuid === uuid && other.mountPoints.length > 0);
  return mounted === undefined ? [] : [`${path} is part of the file system at ${mounted.mountPoints[0]}`];
}

function installedReasons({ path, partitionType }: BlockDevice): readonly string[] {
  const what = SYSTEM_PARTITIONS[partitionType ?? ""];
  return what === undefined ? [] : [`${path} is ${what} of a built-in disk`];
}
