/** Whether blobs of known sizes fit on a medium, decided before the first byte is written. Pure. */
import type { DiskSpace } from "../host/disk-space.ts";
import type { PinnedContent } from "../oci/verified-blob.ts";
import { BundleError } from "./error.ts";

/** FAT32 keeps file sizes in 32 bits. */
const FAT_MAX_FILE_BYTES = 2 ** 32 - 1;
const RESERVE_BYTES = 4 << 20; // index.json twice, manifests, and what the file system takes for directories

/** @throws BundleError BUNDLE_BLOB_TOO_LARGE_FOR_FAT, BUNDLE_NO_SPACE */
export function checkRoom(blobs: readonly PinnedContent[], space: DiskSpace, where: string): void {
  for (const { digest, size } of blobs) checkFileSize(size, space.kind, `blob ${digest}`);
  const distinct = new Map(blobs.map(({ digest, size }) => [digest, size]));
  const needed = [...distinct.values()].reduce(
    (sum, size) => sum + Math.ceil(size / space.blockBytes) * space.blockBytes,
    0,
  );
  if (needed + RESERVE_BYTES <= space.freeBytes) return;
  const got = `${space.freeBytes} bytes are free`;
  throw new BundleError("BUNDLE_NO_SPACE", `no room on ${where}: ${needed + RESERVE_BYTES} bytes are needed, ${got}`);
}

/** @throws BundleError BUNDLE_BLOB_TOO_LARGE_FOR_FAT */
export function checkFileSize(sizeBytes: number, kind: DiskSpace["kind"], what: string): void {
  if (kind !== "vfat" || sizeBytes <= FAT_MAX_FILE_BYTES) return;
  const limit = `FAT32 holds files of at most ${FAT_MAX_FILE_BYTES} bytes`;
  throw new BundleError("BUNDLE_BLOB_TOO_LARGE_FOR_FAT", `${what} has ${sizeBytes} bytes or more; ${limit}`);
}
