/**
 * Takes wanted objects out of what there is: entries of a layer, or the contents of a pack.
 *
 * Paths, modes and owners do not matter here: the signed image says where content goes. So nothing of a hostile archive
 * can reach another place than the sink, under a name that we computed.
 */
import type { ContentDigest } from "../tree/node.ts";
import type { TarContent, TarEntry, TarHandler } from "../tree/tar-entry.ts";
import { VerityHasher } from "./verity.ts";
import type { WantedObjects } from "./wanted-objects.ts";

/** A large file on its way into a sink. Exactly one of `keep` and `drop` ends it. */
export interface ObjectPart {
  write(chunk: Uint8Array): void;
  /** Makes it the object `digest`. */
  keep(digest: ContentDigest, sizeBytes: number): void;
  drop(): void;
}

/** Where objects go. */
export interface ObjectSink {
  /** Content up to this size is held in memory until its digest says whether it is wanted: no byte is written in vain. */
  readonly limits: { readonly maxBufferedBytes: number };
  /** Takes a whole object whose content has the given digest. */
  addObject(digest: ContentDigest, content: Uint8Array): void;
  /** Begins a file whose digest is known at its end. */
  openPart(): ObjectPart;
}

/** What of a layer is wanted goes into `sink`; the rest is skipped without being hashed, wherever its size says so. */
export function collectObjects(wanted: WantedObjects, sink: ObjectSink): TarHandler {
  const open = objectCollector(wanted, sink);
  return {
    entry(entry: TarEntry): TarContent | undefined {
      return entry.kind === "file" && wanted.mayWant(entry.sizeBytes) ? open(entry.sizeBytes) : undefined;
    },
  };
}

/** A taker of contents of known sizes, one after the other: each goes into `sink` if it turns out to be wanted. */
export function objectCollector(wanted: WantedObjects, sink: ObjectSink): (sizeBytes: number) => TarContent {
  const hasher = new VerityHasher(); // one for all: its buffers would keep the garbage collector busy
  return (sizeBytes) => {
    const collect = sizeBytes <= sink.limits.maxBufferedBytes ? bufferedContent : streamedContent;
    return collect(sizeBytes, hasher, wanted, sink);
  };
}

function bufferedContent(sizeBytes: number, hasher: VerityHasher, wanted: WantedObjects, sink: ObjectSink): TarContent {
  let buffer: Buffer | undefined; // only for content that comes in several pieces
  let length = 0;
  const finish = (content: Uint8Array) => {
    const digest = hasher.update(content).digest();
    if (wanted.take(digest, sizeBytes)) sink.addObject(digest, content);
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

function streamedContent(sizeBytes: number, hasher: VerityHasher, wanted: WantedObjects, sink: ObjectSink): TarContent {
  const part = sink.openPart();
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
