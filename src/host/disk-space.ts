/** How much a file system can still take, and what kind it is. */
import { statfsSync } from "node:fs";
import type { AbsPath } from "../path.ts";
import { hostError } from "./error.ts";

export interface DiskSpace {
  /** What an unprivileged writer may still use. */
  readonly freeBytes: number;
  readonly totalBytes: number;
  readonly blockBytes: number;
  /** Free inodes, or undefined on file systems that have no fixed number (vfat, btrfs). */
  readonly freeInodes: number | undefined;
  readonly kind: "vfat" | "exfat" | "other";
}

const MSDOS_SUPER_MAGIC = 0x4d44; // linux/magic.h
const EXFAT_SUPER_MAGIC = 0x2011bab0;

/** @throws HostError HOST_NOT_FOUND, HOST_IO */
export function readDiskSpace(path: AbsPath): DiskSpace {
  try {
    const stat = statfsSync(path);
    return {
      freeBytes: stat.bavail * stat.bsize,
      totalBytes: stat.blocks * stat.bsize,
      blockBytes: stat.bsize,
      freeInodes: stat.files > 0 ? stat.ffree : undefined,
      kind: stat.type === MSDOS_SUPER_MAGIC ? "vfat" : stat.type === EXFAT_SUPER_MAGIC ? "exfat" : "other",
    };
  } catch (error) {
    throw hostError(error, `asking for free space at ${path}`);
  }
}
