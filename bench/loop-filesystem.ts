/**
 * A fresh ext4 on a loop device: the same ground for every contestant (the machine's own file system may be full, old, or
 * slow to make files where many were removed a minute ago), and one whose writes the kernel counts. Needs root.
 */
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { run } from "./measure.ts";

const SECTOR_BYTES = 512; // of the kernel's counters, whatever the device's own is
const BLOCK_BYTES = 4096;
const FILESYSTEM_BYTES = 4 * 2 ** 30; // sparse: it takes only what is written

export interface LoopFilesystem extends AsyncDisposable {
  readonly mountPoint: string;
  readonly blockBytes: number;
  /** Bytes that reached the device while `work` ran, journal and metadata included, everything of it synced. */
  writtenBytes(work: () => Promise<unknown>): Promise<number>;
}

/** A new ext4 on a loop device, mounted at `mountPoint`, which is made; disposing unmounts it. */
export async function openLoopFilesystem(mountPoint: string): Promise<LoopFilesystem> {
  const image = `${mountPoint}.ext4`;
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
