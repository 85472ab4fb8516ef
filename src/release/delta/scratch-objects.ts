/**
 * Objects on their way from layers, where they stand in the order of paths, into a pack, where they stand in the order of
 * their digests: each a file of its own in a scratch directory.
 */
import { closeSync, openSync, readSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { collectObjects, type ObjectPart, type ObjectSink } from "../../composefs/object-collector.ts";
import { WantedObjects } from "../../composefs/wanted-objects.ts";
import { writeAll } from "../../host/durable-write.ts";
import { hostError } from "../../host/error.ts";
import { decompress } from "../../oci/decompress.ts";
import type { Descriptor } from "../../oci/document.ts";
import type { LayoutReader } from "../../oci/layout.ts";
import { layerCompression } from "../../oci/media-type.ts";
import { readVerifiedChunks } from "../../oci/verified-blob.ts";
import { type AbsPath, below } from "../../path.ts";
import type { ContentDigest } from "../../tree/node.ts";
import { TarParser } from "../../tree/tar-parser.ts";
import { ReleaseError } from "../error.ts";

/** The image whose layers hold the objects. */
export interface LayerSource {
  readonly layout: LayoutReader;
  /** Bottom first. */
  readonly layers: readonly Descriptor[];
}

export interface ExtractOptions {
  readonly signal: AbortSignal;
  /** So many bytes of layers more were read. */
  readonly onBytes: (bytes: number) => void;
}

const MAX_BUFFERED_BYTES = 4 << 20;
const MAX_LAYER_BYTES = 256 * 1024 ** 3; // as where the tree is made: bounds time alone
const READ_BYTES = 1 << 20;

/**
 * Puts `objects` of the image into `directory`. The top layer is read first, as devices do: new files are there.
 * @throws ReleaseError RELEASE_IMAGE_INCONSISTENT; OciError; TreeError; HostError; the reason of the signal
 */
export async function extractObjects(
  { layout, layers }: LayerSource,
  objects: ReadonlyMap<ContentDigest, number>,
  directory: AbsPath,
  { signal, onBytes }: ExtractOptions,
): Promise<void> {
  const wanted = new WantedObjects(objects);
  const handler = collectObjects(wanted, scratchSink(directory));
  for (const layer of layers.toReversed()) {
    if (wanted.count === 0) break;
    const parser = new TarParser(handler);
    const chunks = observed(readVerifiedChunks(layout, layer, signal), onBytes);
    for await (const chunk of decompress(chunks, layerCompression(layer.mediaType), MAX_LAYER_BYTES))
      parser.write(chunk);
    parser.end();
  }
  if (wanted.count === 0) return;
  const what = `${wanted.count} files of the tree are in no layer of ${layout.location}`;
  throw new ReleaseError("RELEASE_IMAGE_INCONSISTENT", what);
}

async function* observed(chunks: AsyncIterable<Buffer>, onBytes: (bytes: number) => void): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    onBytes(chunk.length);
    yield chunk;
  }
}

/** The content of an object in pieces. @throws HostError */
export function* readScratchObject(directory: AbsPath, digest: ContentDigest): Generator<Buffer> {
  const fd = guarded(directory, () => openSync(below(directory, digest), "r"));
  try {
    for (;;) {
      const buffer = Buffer.allocUnsafe(READ_BYTES); // a new one for each: it is compressed while the next is read
      const length = guarded(directory, () => readSync(fd, buffer));
      if (length === 0) return;
      yield buffer.subarray(0, length);
    }
  } finally {
    closeSync(fd);
  }
}

function scratchSink(directory: AbsPath): ObjectSink {
  let serial = 0;
  return {
    limits: { maxBufferedBytes: MAX_BUFFERED_BYTES },
    addObject: (digest, content) => guarded(directory, () => writeFileSync(below(directory, digest), content)),
    openPart(): ObjectPart {
      const path = below(directory, `${serial++}.part`);
      const fd = guarded(directory, () => openSync(path, "wx"));
      return {
        write: (chunk) => guarded(directory, () => writeAll(fd, chunk)),
        keep: (digest) =>
          guarded(directory, () => {
            closeSync(fd);
            renameSync(path, below(directory, digest));
          }),
        drop: () =>
          guarded(directory, () => {
            closeSync(fd);
            rmSync(path);
          }),
      };
    },
  };
}

function guarded<T>(directory: AbsPath, act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw hostError(error, `keeping file contents in ${directory}`);
  }
}
