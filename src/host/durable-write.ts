/**
 * The one way in which state reaches disk: temporary file, fsync, rename, fsync of the directory; or, for records, a
 * line at the end and fsync.
 *
 * After a power cut a replaced file holds either the old or the new bytes, never a mixture and never nothing. vfat's rename is
 * not atomic over a power cut; the boot partition has rules of its own (`boot/`).
 */
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { errnoOf } from "../error.ts";
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
    discard(temporary);
    throw hostError(error, `writing ${path}`);
  }
}

/**
 * Creates `path` with `bytes`, durably; what is there already stays as it is. A failed write leaves nothing behind.
 * @throws HostError HOST_EXISTS, HOST_NOT_FOUND, HOST_NO_SPACE, HOST_READ_ONLY, HOST_PERMISSION, HOST_IO
 */
export function createDurably(path: AbsPath, bytes: Uint8Array | string, mode = 0o644): void {
  try {
    const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
    const fd = openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
    try {
      writeAll(fd, typeof bytes === "string" ? Buffer.from(bytes) : bytes);
      fsyncSync(fd);
    } catch (error) {
      rmSync(path, { force: true });
      throw error;
    } finally {
      closeSync(fd);
    }
    syncDirectory(dirname(path));
  } catch (error) {
    throw hostError(error, `creating ${path}`);
  }
}

/**
 * Replaces `path` by `bytes` as a whole, but not durably: for what a reboot takes away in any case.
 * @throws HostError as {@link writeDurably}
 */
export function replaceFile(path: AbsPath, bytes: Uint8Array | string, mode = 0o644): void {
  const temporary = `${path}.tmp`;
  try {
    mkdirSync(dirname(path), { recursive: true });
    rmSync(temporary, { force: true });
    writeFileSync(temporary, bytes, { flag: "wx", mode });
    renameSync(temporary, path);
  } catch (error) {
    discard(temporary);
    throw hostError(error, `writing ${path}`);
  }
}

function discard(temporary: string): void {
  try {
    rmSync(temporary, { force: true });
  } catch (error) {
    if (errnoOf(error) !== "ENOTDIR") throw error; // a file stands where its directory should: it was never made
  }
}

/**
 * Adds `line` (without its newline) to the end of `path`, durably; a line that a power cut tore before is closed first,
 * so that it spoils nothing but itself.
 * @throws HostError as {@link writeDurably}
 */
export function appendLineDurably(path: AbsPath, line: string, mode = 0o644): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    const { O_RDWR, O_CREAT, O_APPEND, O_NOFOLLOW } = constants;
    const fd = openSync(path, O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW, mode);
    try {
      writeAll(fd, Buffer.from(`${endsWithNewline(fd) ? "" : "\n"}${line}\n`));
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    syncDirectory(dirname(path));
  } catch (error) {
    throw hostError(error, `writing ${path}`);
  }
}

function endsWithNewline(fd: number): boolean {
  const { size } = fstatSync(fd);
  const last = Buffer.alloc(1);
  return size === 0 || (readSync(fd, last, 0, 1, size - 1) === 1 && last[0] === 0x0a);
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
