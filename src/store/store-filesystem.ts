/**
 * The few effects by which the store changes its file system, as a port: tests put a disk below it that loses power.
 *
 * Synchronous on purpose: 15,000 small files are written twice as fast as through `fs.promises`. No step is durable
 * before the next `sync` has returned.
 */
import { closeSync, constants, mkdirSync, openSync, renameSync, rmSync } from "node:fs";
import { writeAll } from "../host/durable-write.ts";
import type { Exec } from "../host/exec.ts";
import { openLock } from "../host/lock.ts";
import { syncFilesystem } from "../host/sync-filesystem.ts";
import { type AbsPath, below } from "../path.ts";
import { storeError } from "./error.ts";

export interface StoreFilesystem {
  /** Makes `path` and what is missing above it. */
  makeDirectory(path: AbsPath): void;
  /** Makes a new file, open for writing; never opens what is there already. */
  createFile(path: AbsPath): number;
  write(fd: number, bytes: Uint8Array): void;
  close(fd: number): void;
  /** Replaces what is at `to`. */
  rename(from: AbsPath, to: AbsPath): void;
  /** Removes a file or a whole directory; nothing there is fine. */
  remove(path: AbsPath): void;
  /** Returns when all of the above is on stable storage. */
  sync(): Promise<void>;
  /** Takes the right to do all of the above, until it is disposed of. @throws HostError HOST_BUSY when another has it */
  lock(): Promise<AsyncDisposable>;
}

/** Contents of files like /etc/shadow are objects too: only their owner reads the store, others go through the mount. */
const DIRECTORY_MODE = 0o700;
const FILE_MODE = 0o600;
const CREATE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/**
 * The port onto the file system that holds `directory`.
 * @throws StoreError STORE_NO_SPACE (each method); HostError
 */
export function hostStoreFilesystem(exec: Exec, directory: AbsPath): StoreFilesystem {
  return {
    makeDirectory: (path) =>
      wrap(`making ${path}`, () => void mkdirSync(path, { recursive: true, mode: DIRECTORY_MODE })),
    createFile: (path) => wrap(`making ${path}`, () => openSync(path, CREATE, FILE_MODE)),
    write: (fd, bytes) => wrap(`writing below ${directory}`, () => writeAll(fd, bytes)),
    close: (fd) => wrap(`writing below ${directory}`, () => closeSync(fd)),
    rename: (from, to) => wrap(`renaming ${from} to ${to}`, () => renameSync(from, to)),
    remove: (path) => wrap(`removing ${path}`, () => rmSync(path, { recursive: true, force: true })),
    sync: () => syncFilesystem(exec, directory),
    lock: () => openLock(below(directory, "store.lock")),
  };
}

function wrap<T>(what: string, step: () => T): T {
  try {
    return step();
  } catch (error) {
    throw storeError(error, what);
  }
}
