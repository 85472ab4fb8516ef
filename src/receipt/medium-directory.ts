/**
 * A directory of a medium, held open: what is below it is named through the open directory (`/proc/self/fd/N/name`), so
 * that nothing which is put into its place meanwhile, link or other, leads a write elsewhere. BF-9.9.
 *
 * A file is never written into, only replaced by renaming; a FIFO, a device or a link in its place goes with that.
 */
import { closeSync, constants, mkdirSync, openSync } from "node:fs";
import { errnoOf } from "../error.ts";
import { writeDurably } from "../host/durable-write.ts";
import { HostError, hostError } from "../host/error.ts";
import { type AbsPath, below, parseAbsPath } from "../path.ts";
import { ReceiptError } from "./error.ts";
import { readPlainFile } from "./plain-file.ts";

/** How bytes get onto the medium; tests put media that are full, worn out or read-only in its place. */
export type WriteFile = (path: AbsPath, bytes: Buffer) => void;

export interface MediumDirectory extends Disposable {
  /** The directory of this name in it; made when there is none. @throws ReceiptError RECEIPT_NOT_PLAIN, RECEIPT_NOT_WRITTEN */
  openDirectory(name: string): MediumDirectory;
  /**
   * Puts a file there, unless the same bytes are there already: a stick wears out by writing.
   * @throws ReceiptError RECEIPT_NOT_WRITTEN; what was there before is there still
   */
  putFile(name: string, bytes: Buffer): void;
}

const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = constants;

/** Opens the top of a mounted medium. @throws ReceiptError RECEIPT_NOT_WRITTEN */
export function openMediumTop(mountPoint: AbsPath, writeFile: WriteFile = writeDurably): MediumDirectory {
  return openAt(mountPoint, O_RDONLY | O_DIRECTORY, mountPoint, writeFile);
}

/** @param name what it is called in messages */
function openAt(path: AbsPath, flags: number, name: string, writeFile: WriteFile): MediumDirectory {
  const fd = open(path, flags, name);
  const self = parseAbsPath(`/proc/self/fd/${fd}`);
  return {
    openDirectory(child) {
      make(below(self, child), `${name}/${child}`);
      return openAt(below(self, child), O_RDONLY | O_DIRECTORY | O_NOFOLLOW, `${name}/${child}`, writeFile);
    },
    putFile(child, bytes) {
      const file = below(self, child);
      if (holds(file, bytes)) return;
      try {
        writeFile(file, bytes);
      } catch (error) {
        throw notWritten(`${name}/${child}`, error);
      }
    },
    [Symbol.dispose]: () => closeSync(fd),
  };
}

function open(path: AbsPath, flags: number, name: string): number {
  try {
    return openSync(path, flags);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno !== "ELOOP" && errno !== "ENOTDIR") throw notWritten(name, error);
    throw new ReceiptError("RECEIPT_NOT_PLAIN", `${name} is not a plain directory`, { cause: error });
  }
}

function make(path: AbsPath, name: string): void {
  try {
    mkdirSync(path);
  } catch (error) {
    if (errnoOf(error) !== "EEXIST") throw notWritten(name, error); // what it is shows when it is opened
  }
}

/** Whether a plain file holds just these bytes; one that cannot be read does not. */
function holds(file: AbsPath, bytes: Buffer): boolean {
  try {
    return readPlainFile(file, bytes.length)?.equals(bytes) === true;
  } catch (error) {
    if (error instanceof ReceiptError || error instanceof HostError) return false;
    throw error;
  }
}

/** The path through /proc says nothing to people, so the message of the error below is not theirs. */
function notWritten(name: string, cause: unknown): Error {
  const errno = errnoOf(cause instanceof HostError ? cause.cause : cause);
  if (errno === undefined) return hostError(cause, `writing ${name}`);
  return new ReceiptError("RECEIPT_NOT_WRITTEN", `${name} could not be written: ${errno}`, { cause });
}
