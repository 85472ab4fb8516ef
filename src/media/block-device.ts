/**
 * A block device as the kernel and udev describe it: a disk with its partitions, and what is opened on top of them.
 *
 * Facts only. What may be done with a device is decided elsewhere (system-disk.ts, plan-format.ts).
 */
import type { AbsPath } from "../path.ts";

export interface BlockDevice {
  /** `/dev/sdb1`; for mapped devices `/dev/mapper/<name>`. */
  readonly path: AbsPath;
  /** What the kernel calls it: `sdb1`, `dm-0`. */
  readonly kernelName: string;
  /** lsblk's TYPE: `disk`, `part`, `loop`, `rom`, `crypt`, `lvm`, `raid1`, … */
  readonly kind: string;
  readonly sizeBytes: number;
  readonly isReadOnly: boolean;
  /** The medium can be taken out of the drive (card readers, sticks; many USB disks say no). */
  readonly isRemovable: boolean;
  /** The kernel knows that it may be unplugged: USB, SD cards, Thunderbolt. */
  readonly isHotplug: boolean;
  /** `usb`, `nvme`, `sata`, `mmc`, `virtio`, …; undefined when nothing says. */
  readonly bus: string | undefined;
  readonly vendor: string | undefined;
  readonly model: string | undefined;
  readonly serial: string | undefined;
  /** What blkid finds on it: `vfat`, `exfat`, `ext4`, `crypto_LUKS`, `LVM2_member`, …; undefined when it finds nothing. */
  readonly filesystem: string | undefined;
  /** Label of the file system or of the LUKS container. */
  readonly label: string | undefined;
  readonly uuid: string | undefined;
  /** `gpt` or `dos` when there is a partition table on it. */
  readonly partitionTable: string | undefined;
  /** Type GUID (GPT) or byte (DOS) of a partition, in lower case. */
  readonly partitionType: string | undefined;
  /** Where it is mounted; `[SWAP]` when it is swapped to. */
  readonly mountPoints: readonly string[];
  /** Partitions, and devices that are opened on top of this one. */
  readonly children: readonly BlockDevice[];
}

/** The device and everything on it, parents first. A device that stands on several (RAID) comes once for each. */
export function* walkDevice(device: BlockDevice): Generator<BlockDevice, void, undefined> {
  yield device;
  for (const child of device.children) yield* walkDevice(child);
}

/** All devices of some trees, parents first. */
export function* walkDevices(devices: readonly BlockDevice[]): Generator<BlockDevice, void, undefined> {
  for (const device of devices) yield* walkDevice(device);
}

/** The tree in whose root or below it `path` or the kernel name `path` is found, with the device itself. */
export function findDevice(
  devices: readonly BlockDevice[],
  path: string,
): { readonly disk: BlockDevice; readonly device: BlockDevice } | undefined {
  for (const disk of devices) {
    const device = walkDevice(disk).find((candidate) => candidate.path === path || candidate.kernelName === path);
    if (device !== undefined) return { disk, device };
  }
  return undefined;
}

/** The same facts: nothing that a watcher would have to tell has changed. Children are not compared. */
export function isSameDevice(a: BlockDevice, b: BlockDevice): boolean {
  return (
    a.path === b.path &&
    a.serial === b.serial &&
    a.sizeBytes === b.sizeBytes &&
    a.filesystem === b.filesystem &&
    a.label === b.label &&
    a.uuid === b.uuid
  );
}
