/**
 * The one way in which state reaches disk: temporary file, fsync, rename, fsync of the directory.
 *
 * After a power cut the file holds either the old or the new bytes, never a mixture and never nothing. vfat's rename is
 * not atomic over a power cut; the boot partition has rules of its own (`boot/`).
 */
import { closeSync, constants, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import type { AbsPath } from "../path.ts";
import { hostError } from "./error.ts";

/**
 * Replaces `path` by `bytes`, durably. Parent directories are made. A symlink at `path` is replaced, not followed.
 * @throws HostError HOST_NO_SPACE, HOST_READ_ONLY, HOST_PERMISSION, HOST_IO
 */
export function writeDurably(path: AbsPath, bytes: Uint8Array | string, mode = 0o644): void {
  const temporary = `${path}.tmp`;
  try {
    mkdirSync(dirname(path), { recursive: true });
    rmSync(temporary, { force: true });
    const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
    const fd = openSync(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
    try {
      writeAll(fd, typeof bytes === "string" ? Buffer.from(bytes) : bytes);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, path);
    syncDirectory(dirname(path));
  } catch (error) {
    rmSync(temporary, { force: true });
    throw hostError(error, `writing ${path}`);
  }
}

/** Writes all of `bytes` at the file position of `fd`; write(2) may take less than it is given. */
export function writeAll(fd: number, bytes: Uint8Array): void {
  for (let offset = 0; offset < bytes.length; ) offset += writeSync(fd, bytes, offset);
}

/** Makes renames, links and removals in `directory` durable. */
export function syncDirectory(directory: string): void {
  const fd = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
