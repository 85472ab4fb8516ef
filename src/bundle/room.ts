/** Whether blobs of known sizes fit on a medium, decided before the first byte is written. Pure. */
import type { DiskSpace } from "../host/disk-space.ts";
import type { PinnedContent } from "../oci/verified-blob.ts";
import { BundleError } from "./error.ts";

/** FAT32 keeps file sizes in 32 bits. */
const FAT_MAX_FILE_BYTES = 2 ** 32 - 1;
const RESERVE_BYTES = 4 << 20; // index.json twice, manifests, and what the file system takes for directories

/** What has to be known of a file system. */
export interface RoomFacts extends Pick<DiskSpace, "kind" | "blockBytes"> {
  /** Undefined when nobody can say. */
  readonly freeBytes: number | undefined;
}

export interface RoomVerdict {
  /** With what files take beyond their length. */
  readonly neededBytes: number;
  /** BUNDLE_BLOB_TOO_LARGE_FOR_FAT or BUNDLE_NO_SPACE. */
  readonly problem: BundleError | undefined;
}

/** @param blobs that are not there yet */
export function evaluateRoom(blobs: readonly PinnedContent[], facts: RoomFacts, where: string): RoomVerdict {
  const distinct = new Map(blobs.map(({ digest, size }) => [digest, size]));
  const blocks = [...distinct.values()].reduce((sum, size) => sum + Math.ceil(size / facts.blockBytes), 0);
  const neededBytes = blocks * facts.blockBytes + RESERVE_BYTES;
  const tooLarge = blobs.map(({ digest, size }) => fileSizeProblem(size, facts.kind, `blob ${digest}`));
  return {
    neededBytes,
    problem: tooLarge.find((each) => each !== undefined) ?? spaceProblem(neededBytes, facts, where),
  };
}

/** @throws BundleError BUNDLE_BLOB_TOO_LARGE_FOR_FAT, BUNDLE_NO_SPACE */
export function checkRoom(blobs: readonly PinnedContent[], space: DiskSpace, where: string): void {
  const { problem } = evaluateRoom(blobs, space, where);
  if (problem !== undefined) throw problem;
}

/** @throws BundleError BUNDLE_BLOB_TOO_LARGE_FOR_FAT */
export function checkFileSize(sizeBytes: number, kind: DiskSpace["kind"], what: string): void {
  const problem = fileSizeProblem(sizeBytes, kind, what);
  if (problem !== undefined) throw problem;
}

function spaceProblem(neededBytes: number, { freeBytes }: RoomFacts, where: string): BundleError | undefined {
  if (freeBytes === undefined || neededBytes <= freeBytes) return undefined;
  const message = `no room on ${where}: ${neededBytes} bytes are needed, ${freeBytes} bytes are free`;
  return new BundleError("BUNDLE_NO_SPACE", message);
}

function fileSizeProblem(sizeBytes: number, kind: DiskSpace["kind"], what: string): BundleError | undefined {
  if (kind !== "vfat" || sizeBytes <= FAT_MAX_FILE_BYTES) return undefined;
  const limit = `FAT32 holds files of at most ${FAT_MAX_FILE_BYTES} bytes`;
  return new BundleError("BUNDLE_BLOB_TOO_LARGE_FOR_FAT", `${what} has ${sizeBytes} bytes or more; ${limit}`);
}
