/** Reading small files of a medium: regular ones only, never through a link, and no more of them than they may have. */
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { errnoOf } from "../error.ts";
import { hostError } from "../host/error.ts";
import type { AbsPath } from "../path.ts";
import { ReceiptError } from "./error.ts";

/**
 * The content of the file at `path`, or undefined when nothing is there.
 * @param name what it is called in messages, where `path` would say nothing to people
 * @throws ReceiptError RECEIPT_NOT_PLAIN, RECEIPT_TOO_LARGE; HostError
 */
export function readPlainFile(path: AbsPath, maxBytes: number, name: string = path): Buffer | undefined {
  let fd: number | undefined;
  try {
    // O_NONBLOCK: a FIFO in the file's place must not make us wait for its writer
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    if (!fstatSync(fd).isFile()) throw notPlain(name);
    return readBounded(fd, maxBytes, name);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === "ENOENT" || errno === "ENOTDIR") return undefined;
    if (errno === "ELOOP" || errno === "ENXIO") throw notPlain(name, error); // a link; a socket
    throw hostError(error, `reading ${name}`);
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

function readBounded(fd: number, maxBytes: number, name: string): Buffer {
  // One byte more than allowed is asked for, so that a file which grows meanwhile is noticed too.
  const buffer = Buffer.alloc(maxBytes + 1);
  let length = 0;
  while (length < buffer.length) {
    const bytesRead = readSync(fd, buffer, length, buffer.length - length, null);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  if (length > maxBytes) throw new ReceiptError("RECEIPT_TOO_LARGE", `${name} has over ${maxBytes} bytes`);
  return buffer.subarray(0, length);
}

function notPlain(name: string, cause?: unknown): ReceiptError {
  return new ReceiptError("RECEIPT_NOT_PLAIN", `${name} is not a regular file`, { cause });
}
