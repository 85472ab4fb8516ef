/**
 * Digesting what the store holds: the only way to know that a file under an object's name is that object.
 *
 * Sealed files are read like others: the kernel checks their blocks on the way, and our digest says that the seal is the
 * one that the name asks for.
 */
import { closeSync, constants, openSync, readSync } from "node:fs";
import { VerityHasher } from "../composefs/verity.ts";
import { errnoOf } from "../error.ts";
import type { AbsPath } from "../path.ts";
import type { ContentDigest } from "../tree/node.ts";
import { storeError } from "./error.ts";
import { fileSizeBytes, type ObjectStore } from "./object-store.ts";

export type ObjectState = "good" | "missing" | "corrupt";

const READ_BYTES = 1 << 20;
const scratch = Buffer.allocUnsafe(READ_BYTES); // one for all: checking is synchronous

/**
 * Reads the object and digests it. A block that the disk cannot give any more makes it corrupt, not an error: the object
 * can be had again.
 * @throws HostError when the store cannot be read for another reason
 */
export function checkObject(store: ObjectStore, digest: ContentDigest, sizeBytes: number): ObjectState {
  const path = store.objectFile(digest);
  const foundBytes = fileSizeBytes(path);
  if (foundBytes === undefined) return "missing";
  if (foundBytes !== sizeBytes) return "corrupt";
  try {
    const hasher = new VerityHasher();
    let length = 0;
    for (const chunk of readFileChunks(path)) {
      length += chunk.length;
      hasher.update(chunk);
    }
    return length === sizeBytes && hasher.digest() === digest ? "good" : "corrupt";
  } catch (error) {
    if (isMediaFailure(error)) return "corrupt";
    throw storeError(error, `reading ${path}`);
  }
}

/** The bytes of a file in pieces that are valid until the next one is asked for. Never follows a symlink. */
export function* readFileChunks(path: AbsPath): Generator<Buffer> {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    for (let length = readSync(fd, scratch); length > 0; length = readSync(fd, scratch)) {
      yield scratch.subarray(0, length);
    }
  } finally {
    closeSync(fd);
  }
}

/** True for what a worn disk, a damaged file system or a broken seal answers. */
export function isMediaFailure(error: unknown): boolean {
  const errno = errnoOf(error);
  return errno === "EIO" || errno === "EUCLEAN" || errno === "EBADMSG";
}
