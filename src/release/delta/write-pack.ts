/**
 * Writes an object pack onto a medium: its list, and the contents of its objects in the order of the list, cut into layers
 * of a fixed size that are compressed one by one. The same objects give the same bytes.
 */
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createZstdCompress, constants as zlib } from "node:zlib";
import { EMPTY_CONFIG } from "../../bundle/artifact.ts";
import { PACK_CONTENT_MEDIA_TYPE, PACK_LIST_MEDIA_TYPE } from "../../bundle/media-type.ts";
import type { MediumWriter } from "../../bundle/medium-writer.ts";
import { formatPackManifest, MAX_PACK_LAYERS, PACK_LAYER_BYTES } from "../../bundle/pack-artifact.ts";
import { type BaseName, formatObjectList, type ObjectList, sortObjects } from "../../composefs/object-list.ts";
import type { Descriptor } from "../../oci/document.ts";
import { MEDIA_TYPE } from "../../oci/media-type.ts";
import type { AbsPath } from "../../path.ts";
import { ReleaseError } from "../error.ts";
import type { ReleasePorts } from "../ports.ts";
import { openScratch } from "../scratch-directory.ts";
import { extractObjects, type LayerSource, readScratchObject } from "./scratch-objects.ts";

/**
 * On the files that a Debian update changes, 12 makes packs 6 % smaller than 3 at a quarter of its speed, 19 another 3 % at a
 * tenth of that. Another level gives other bytes.
 */
const COMPRESSION_LEVEL = 12;

export interface PackRequest {
  /** The image whose tree the objects belong to. */
  readonly image: Descriptor;
  readonly source: LayerSource;
  readonly list: ObjectList;
}

export interface WrittenPack {
  readonly manifest: Descriptor;
  /** List and contents. */
  readonly blobs: readonly Descriptor[];
}

/**
 * @throws ReleaseError RELEASE_DELTA_TOO_LARGE, RELEASE_IMAGE_INCONSISTENT; BundleError, OciError, TreeError, HostError; the
 *   reason of the signal
 */
export async function writePack(
  writer: MediumWriter,
  { image, source, list }: PackRequest,
  ports: Pick<ReleasePorts, "signal" | "scratchDirectory" | "openProgress">,
): Promise<WrittenPack> {
  const layers = packLayers(list);
  await using scratch = await openScratch(ports.scratchDirectory);
  await extract(source, list, scratch.directory, ports);
  const contents: Descriptor[] = [];
  using meter = ports.openProgress("writing the delta", sizeOf(list));
  for (const layer of layers) {
    const chunks = counted(contentOf(scratch.directory, layer), ports.signal, meter.advance);
    contents.push({ mediaType: PACK_CONTENT_MEDIA_TYPE, ...(await writer.writeBlob(compressed(chunks))) });
  }
  const pinned = await writer.writeDocument(formatObjectList(list), PACK_LIST_MEDIA_TYPE);
  await writer.writeDocument(EMPTY_CONFIG, MEDIA_TYPE.empty);
  const manifest = formatPackManifest({ subject: image, list: pinned, contents }, annotationsOf(list));
  return { manifest: await writer.writeDocument(manifest, MEDIA_TYPE.manifest), blobs: [pinned, ...contents] };
}

async function extract(
  source: LayerSource,
  { objects }: ObjectList,
  directory: AbsPath,
  { signal, openProgress }: Pick<ReleasePorts, "signal" | "openProgress">,
): Promise<void> {
  if (objects.size === 0) return;
  using meter = openProgress(
    "collecting what is new",
    source.layers.reduce((sum, { size }) => sum + size, 0),
  );
  await extractObjects(source, objects, directory, { signal, onBytes: meter.advance });
}

/** For people who look at the index of a medium; devices go by the list. */
function annotationsOf({ bases, objects }: ObjectList): Readonly<Record<string, string>> {
  const nameOf = ({ name, version }: BaseName) => `${name}@${version}`;
  return {
    "org.bootferry.objects.bases": bases.map(nameOf).sort().join(" "),
    "org.bootferry.objects.count": String(objects.size),
  };
}

/** A part of an object. */
interface Piece {
  readonly digest: Parameters<typeof readScratchObject>[1];
  readonly from: number;
  readonly to: number;
}

/** Which parts of which objects each layer holds (BF-10.5). */
function packLayers({ objects }: ObjectList): readonly (readonly Piece[])[] {
  const layers: Piece[][] = [];
  let position = 0;
  for (const [digest, sizeBytes] of sortObjects(objects)) {
    for (let from = 0; from < sizeBytes; ) {
      const inLayer = position % PACK_LAYER_BYTES;
      if (inLayer === 0) layers.push([]);
      const to = Math.min(sizeBytes, from + PACK_LAYER_BYTES - inLayer);
      layers.at(-1)?.push({ digest, from, to });
      position += to - from;
      from = to;
    }
  }
  if (layers.length <= MAX_PACK_LAYERS) return layers;
  const limit = `a delta holds at most ${MAX_PACK_LAYERS * PACK_LAYER_BYTES}`;
  throw new ReleaseError("RELEASE_DELTA_TOO_LARGE", `${position} bytes of files are new since the base, ${limit}`);
}

function* contentOf(directory: AbsPath, pieces: readonly Piece[]): Generator<Buffer> {
  for (const { digest, from, to } of pieces) {
    let at = 0;
    for (const chunk of readScratchObject(directory, digest)) {
      const part = chunk.subarray(Math.max(0, from - at), Math.max(0, to - at));
      if (part.length > 0) yield part;
      at += chunk.length;
      if (at >= to) break;
    }
  }
}

async function* counted(chunks: Iterable<Buffer>, signal: AbortSignal, advance: (bytes: number) => void) {
  for (const chunk of chunks) {
    signal.throwIfAborted();
    advance(chunk.length);
    yield chunk;
  }
}

async function* compressed(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const params = { [zlib.ZSTD_c_compressionLevel]: COMPRESSION_LEVEL, [zlib.ZSTD_c_checksumFlag]: 1 };
  const compressor = createZstdCompress({ params });
  const feeding = pipeline(Readable.from(chunks), compressor);
  feeding.catch(() => undefined); // what fails shows where the compressor is read
  yield* compressor as AsyncIterable<Buffer>;
  await feeding;
}

function sizeOf({ objects }: ObjectList): number {
  return objects.values().reduce((sum, sizeBytes) => sum + sizeBytes, 0);
}
