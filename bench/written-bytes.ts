/**
 * What a small update costs the flash: sectors that reach the block device below a fresh ext4, journal and metadata
 * included, read from the kernel's counters of a loop device (`/sys/block/loopN/stat`). Needs root.
 */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { run } from "./measure.ts";

const SECTOR_BYTES = 512; // of the kernel's counters, whatever the device's own is
const BLOCK_BYTES = 4096;
const FILESYSTEM_BYTES = 4 * 2 ** 30; // sparse: it takes only what is written

export interface LoopFilesystem extends AsyncDisposable {
  readonly mountPoint: string;
  readonly blockBytes: number;
  /** Bytes written to the device while `work` ran, everything of it synced. */
  writtenBytes(work: () => Promise<unknown>): Promise<number>;
}

/** A new ext4 on a loop device; disposing unmounts it. */
export async function openLoopFilesystem(scratch: string): Promise<LoopFilesystem> {
  const image = join(scratch, "loop.ext4");
  const mountPoint = join(scratch, "loop");
  await run(["mkdir", mountPoint]);
  await run(["truncate", "-s", `${FILESYSTEM_BYTES}`, image]);
  // Lazy initialisation would go on writing during the measurement.
  await run(["mkfs.ext4", "-q", "-F", "-b", `${BLOCK_BYTES}`, "-E", "lazy_itable_init=0,lazy_journal_init=0", image]);
  await run(["mount", "-o", "loop,noatime", image, mountPoint]);
  const device = basename((await run(["findmnt", "-no", "SOURCE", mountPoint])).trim());
  const sectors = () => Number(readFileSync(`/sys/block/${device}/stat`, "utf8").trim().split(/\s+/)[6]);
  return {
    mountPoint,
    blockBytes: BLOCK_BYTES,
    async writtenBytes(work) {
      await run(["sync", "-f", mountPoint]);
      const before = sectors();
      await work();
      await run(["sync", "-f", mountPoint]);
      return (sectors() - before) * SECTOR_BYTES;
    },
    async [Symbol.asyncDispose]() {
      await run(["umount", mountPoint]);
      await run(["rm", "-rf", mountPoint, image]);
    },
  };
}

/** Sizes of the regular files below `directory`, by path, rounded up to whole blocks of `blockBytes`. */
export function fileSizes(directory: string, blockBytes = 1): Map<string, number> {
  const sizes = new Map<string, number>();
  // Not `recursive: true`, which follows symlinks to directories.
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) for (const [below, size] of fileSizes(path, blockBytes)) sizes.set(below, size);
    else if (entry.isFile()) sizes.set(path, Math.ceil(statSync(path).size / blockBytes) * blockBytes);
  }
  return sizes;
}

/** The bytes of files that are in `after` and not in `before`. */
export function newBytes(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): number {
  return [...after].reduce((sum, [path, size]) => (before.has(path) ? sum : sum + size), 0);
}
