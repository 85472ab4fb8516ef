/** syncfs(2) by coreutils' `sync -f`, since Node has no such call: one barrier instead of an fsync per file. */
import type { AbsPath } from "../path.ts";
import type { Exec } from "./exec.ts";

const SYNC_TIMEOUT_MS = 30 * 60_000; // a full page cache onto a worn SD card takes many minutes

/** Returns when everything written so far to the file system that holds `path` is on stable storage. */
export async function syncFilesystem(exec: Exec, path: AbsPath): Promise<void> {
  await exec(["sync", "-f", path], { timeoutMs: SYNC_TIMEOUT_MS });
}
