/**
 * Picks wanted objects out of the entries of a layer.
 *
 * Paths, modes and owners do not matter here: the signed image says where content goes. So nothing of a hostile archive
 * can reach another place than staging, under a name that we computed.
 */
import { VerityHasher, verityOf } from "../composefs/verity.ts";
import type { TarContent, TarEntry, TarHandler } from "../tree/tar-entry.ts";
import type { Staging } from "./staging.ts";
import type { WantedObjects } from "./wanted-objects.ts";

/** Content up to this size is held in memory until its digest says whether it is wanted: then no byte is written in vain. */
export const MAX_BUFFERED_BYTES = 4 << 20;

/** What of a layer is wanted goes into `staging`; the rest is skipped without being hashed, wherever its size says so. */
export function collectObjects(wanted: WantedObjects, staging: Staging): TarHandler {
  return {
    entry(entry: TarEntry): TarContent | undefined {
      if (entry.kind !== "file" || !wanted.mayWant(entry.sizeBytes)) return undefined;
      return entry.sizeBytes <= MAX_BUFFERED_BYTES
        ? bufferedContent(entry.sizeBytes, wanted, staging)
        : streamedContent(entry.sizeBytes, wanted, staging);
    },
  };
}

function bufferedContent(sizeBytes: number, wanted: WantedObjects, staging: Staging): TarContent {
  let buffer: Buffer | undefined; // only for content that comes in several pieces
  let length = 0;
  const finish = (content: Uint8Array) => {
    const digest = verityOf(content);
    if (wanted.take(digest, sizeBytes)) staging.addObject(digest, content);
  };
  return {
    write(chunk) {
      if (chunk.length === sizeBytes) return finish(chunk);
      buffer ??= Buffer.allocUnsafe(sizeBytes);
      buffer.set(chunk, length);
      length += chunk.length;
      if (length === sizeBytes) finish(buffer);
    },
    end() {
      // Whole content was dealt with when its last byte came; the parser refuses archives that end before it.
    },
  };
}

function streamedContent(sizeBytes: number, wanted: WantedObjects, staging: Staging): TarContent {
  const hasher = new VerityHasher();
  const part = staging.openPart();
  return {
    write(chunk) {
      hasher.update(chunk);
      part.write(chunk);
    },
    end() {
      const digest = hasher.digest();
      if (wanted.take(digest, sizeBytes)) part.keep(digest, sizeBytes);
      else part.drop();
    },
  };
}
