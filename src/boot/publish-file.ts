/**
 * Writing to the boot partition, which is vfat on most machines.
 *
 * vfat has no journal: a rename that the power cuts may leave the old name, the new one, both, or a new name without
 * content if that was not synced. So content is synced under a name that nothing reads before it gets the name that
 * is read, and nothing that is still needed is ever renamed or overwritten.
 */
import { closeSync, constants, fsyncSync, mkdirSync, openSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { writeAll } from "../host/durable-write.ts";
import { hostError } from "../host/error.ts";
import type { Exec } from "../host/exec.ts";
import { syncFilesystem } from "../host/sync-filesystem.ts";
import type { AbsPath } from "../path.ts";

/** Ends no name that a boot loader reads; sweeping removes what has it. */
export const UNFINISHED_SUFFIX = ".unfinished";

/**
 * Makes a file on the boot partition: complete under a working name, then renamed, then synced.
 * @throws HostError HOST_NO_SPACE, HOST_READ_ONLY, HOST_PERMISSION, HOST_IO
 */
export async function publishFile(exec: Exec, path: AbsPath, bytes: Uint8Array): Promise<void> {
  const unfinished = `${path}${UNFINISHED_SUFFIX}`;
  try {
    mkdirSync(dirname(path), { recursive: true });
    rmSync(unfinished, { force: true });
    const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
    const fd = openSync(unfinished, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o644);
    try {
      writeAll(fd, bytes);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(unfinished, path);
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw hostError(error, `writing ${path}`);
  }
  await syncFilesystem(exec, path);
}

/** Removes a file or a directory of the boot partition, durably; nothing there is fine. @throws HostError */
export async function removeDurably(exec: Exec, path: AbsPath): Promise<void> {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch (error) {
    throw hostError(error, `removing ${path}`);
  }
  await syncFilesystem(exec, dirname(path) as AbsPath);
}
