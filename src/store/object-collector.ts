/**
 * Picks wanted objects out of the entries of a layer.
 *
 * Paths, modes and owners do not matter here: the signed image says where content goes. So nothing of a hostile archive
 * can reach another place than staging, under a name that we computed.
 */
import { VerityHasher } from "../composefs/verity.ts";
import type { TarContent, TarEntry, TarHandler } from "../tree/tar-entry.ts";
import type { Staging } from "./staging.ts";
import type { WantedObjects } from "./wanted-objects.ts";

/** What of a layer is wanted goes into `staging`; the rest is skipped without being hashed, wherever its size says so. */
export function collectObjects(wanted: WantedObjects, staging: Staging): TarHandler {
  const hasher = new VerityHasher(); // one for all: its buffers would keep the garbage collector busy
  return {
    entry(entry: TarEntry): TarContent | undefined {
      if (entry.kind !== "file" || !wanted.mayWant(entry.sizeBytes)) return undefined;
      const collect = entry.sizeBytes <= staging.limits.maxBufferedBytes ? bufferedContent : streamedContent;
      return collect(entry.sizeBytes, hasher, wanted, staging);
    },
  };
}

function bufferedContent(sizeBytes: number, hasher: VerityHasher, wanted: WantedObjects, staging: Staging): TarContent {
  let buffer: Buffer | undefined; // only for content that comes in several pieces
  let length = 0;
  const finish = (content: Uint8Array) => {
    const digest = hasher.update(content).digest();
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

function streamedContent(sizeBytes: number, hasher: VerityHasher, wanted: WantedObjects, staging: Staging): TarContent {
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
