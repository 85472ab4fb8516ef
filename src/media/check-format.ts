/** Which disks may be made media at all, decided before a byte is written. Pure. */
import { type BlockDevice, findDevice, walkDevice } from "./block-device.ts";
import { MediaError } from "./error.ts";
import { evaluateSystemDisk } from "./system-disk.ts";

const MIN_MEDIUM_BYTES = 16 << 20; // a LUKS2 header alone takes 16 MiB; smaller things are no media
/** FAT32 ends here with sectors of 512 bytes (Microsoft's FAT specification, 32-bit sector counts). */
const MAX_VFAT_BYTES = 2 ** 41;

/**
 * The disk at `path`, when it may be formatted.
 * @throws MediaError MEDIA_NO_SUCH_DEVICE, MEDIA_NOT_A_DISK, MEDIA_SYSTEM_DISK, MEDIA_MOUNTED, MEDIA_OPEN, MEDIA_READ_ONLY,
 *   MEDIA_TOO_SMALL
 */
export function findDiskToFormat(all: readonly BlockDevice[], path: string): BlockDevice {
  const found = findDevice(all, path);
  if (found === undefined) throw new MediaError("MEDIA_NO_SUCH_DEVICE", `${path} is no block device of this machine`);
  const { disk, device } = found;
  verifyNoSystemDisk(disk, all);
  if (device !== disk || !["disk", "loop"].includes(disk.kind)) {
    throw new MediaError("MEDIA_NOT_A_DISK", `${device.path} is not a whole disk but ${describeKind(device, disk)}`);
  }
  for (const { path: part, mountPoints, kind } of walkDevice(disk)) {
    if (mountPoints.length > 0)
      throw new MediaError("MEDIA_MOUNTED", `${part} is mounted at ${mountPoints.join(", ")}`);
    if (kind === "crypt") throw new MediaError("MEDIA_MOUNTED", `${part} is open: an encrypted volume of ${disk.path}`);
  }
  if (disk.isReadOnly) throw new MediaError("MEDIA_READ_ONLY", `${disk.path} is read-only`);
  if (disk.sizeBytes < MIN_MEDIUM_BYTES) {
    const size =
      disk.sizeBytes === 0 ? "has no medium in it" : `has ${disk.sizeBytes} bytes, ${MIN_MEDIUM_BYTES} are needed`;
    throw new MediaError("MEDIA_TOO_SMALL", `${disk.path} ${size}`);
  }
  return disk;
}

/** @throws MediaError MEDIA_SYSTEM_DISK */
export function verifyNoSystemDisk(disk: BlockDevice, all: readonly BlockDevice[]): void {
  const { isSystemDisk, reasons } = evaluateSystemDisk(disk, all);
  if (!isSystemDisk) return;
  throw new MediaError("MEDIA_SYSTEM_DISK", `${disk.path} belongs to the running system: ${reasons.join("; ")}`);
}

/** @throws MediaError MEDIA_TOO_LARGE for what the file system cannot span */
export function verifyFits(disk: BlockDevice, filesystem: string): void {
  if (filesystem !== "vfat" || disk.sizeBytes < MAX_VFAT_BYTES) return;
  throw new MediaError("MEDIA_TOO_LARGE", `vfat spans 2 TiB at most, ${disk.path} has ${disk.sizeBytes} bytes`);
}

function describeKind(device: BlockDevice, disk: BlockDevice): string {
  return device.kind === "part" ? `a partition of ${disk.path}` : `of the kind ${device.kind}`;
}
