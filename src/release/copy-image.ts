/**
 * Carrying one image into a layout: each layer is read once, and on its way it is hashed, written where it is missing,
 * inflated and merged into the tree. Manifest and config go over byte for byte.
 */
import { createHash } from "node:crypto";
import { type Digest, digestOfHex } from "../oci/digest.ts";
import type { Descriptor } from "../oci/document.ts";
import { OciError } from "../oci/error.ts";
import { layerCompression } from "../oci/media-type.ts";
import { type PinnedContent, readVerifiedChunks } from "../oci/verified-blob.ts";
import type { MergedImage } from "./bound-images.ts";
import { consumeTwice } from "./consume-twice.ts";
import { type ImageTree, openImageTree } from "./image-tree.ts";
import type { SourceImage } from "./layout-images.ts";

/** Where blobs go. A dry run has one that keeps nothing. */
export interface BlobSink {
  hasBlob(blob: PinnedContent): Promise<boolean>;
  /** Refuses content that does not fit size and digest: the chunks come unchecked. */
  writeBlob(chunks: AsyncIterable<Buffer>, expected: PinnedContent): Promise<unknown>;
}

/** Checks what comes, and forgets it. */
export const NOWHERE: BlobSink = {
  hasBlob: async () => false,
  async writeBlob(chunks: AsyncIterable<Buffer>, expected: PinnedContent) {
    const hash = createHash("sha256");
    for await (const chunk of chunks) hash.update(chunk);
    const actual = digestOfHex(hash.digest("hex"));
    if (actual === expected.digest) return;
    throw new OciError("OCI_BLOB_DIGEST_MISMATCH", `content of blob ${expected.digest} has the digest ${actual}`);
  },
};

/** Writes to `sink` but for some blobs, which are checked and forgotten. */
export function leavingOut(sink: BlobSink, leftOut: ReadonlySet<Digest>): BlobSink {
  const sinkFor = ({ digest }: PinnedContent) => (leftOut.has(digest) ? NOWHERE : sink);
  return {
    hasBlob: (blob) => sinkFor(blob).hasBlob(blob),
    writeBlob: (chunks, expected) => sinkFor(expected).writeBlob(chunks, expected),
  };
}

export interface CopyOptions {
  readonly sink: BlobSink;
  readonly signal: AbortSignal;
  /** So many bytes of layers more are done. */
  readonly onBytes: (bytes: number) => void;
}

/** @throws OciError, and what the sink throws */
export async function copyImage(image: SourceImage, options: CopyOptions): Promise<void> {
  await copyBlobs(image, options, undefined);
}

/**
 * @returns what its layers make
 * @throws OciError, TreeError, ReleaseError RELEASE_DIFF_ID_MISMATCH, and what the sink throws
 */
export async function copyAndMergeImage(image: SourceImage, options: CopyOptions): Promise<MergedImage> {
  const tree = openImageTree();
  await copyBlobs(image, options, tree);
  return tree.finish();
}

async function copyBlobs(image: SourceImage, options: CopyOptions, tree: ImageTree | undefined): Promise<void> {
  const { manifest, config, descriptor } = image;
  for (const [index, layer] of manifest.layers.entries()) {
    const diffId = config.rootfs.diff_ids[index];
    if (tree === undefined || diffId === undefined) await copyBlob(image, layer, options);
    else {
      const merge: Merge = (chunks) => tree.addLayer(chunks, layerCompression(layer.mediaType), diffId);
      await copyAndMerge(image, layer, merge, options);
    }
  }
  for (const document of [manifest.config, descriptor]) await copyBlob(image, document, options);
}

type Merge = (chunks: AsyncIterable<Buffer>) => Promise<void>;

async function copyBlob(image: SourceImage, blob: Descriptor, options: CopyOptions): Promise<void> {
  options.signal.throwIfAborted();
  if (await options.sink.hasBlob(blob)) options.onBytes(blob.size);
  else await options.sink.writeBlob(await unverifiedChunks(image, blob, options), blob);
}

/** What is merged is believed only when this has resolved: until then nobody has compared the digest. */
async function copyAndMerge(image: SourceImage, blob: Descriptor, merge: Merge, options: CopyOptions): Promise<void> {
  const { sink, signal } = options;
  signal.throwIfAborted();
  if (await sink.hasBlob(blob)) return merge(observed(readVerifiedChunks(image.reader, blob, signal), options));
  const chunks = await unverifiedChunks(image, blob, options);
  await consumeTwice(chunks, (written) => sink.writeBlob(written, blob), merge);
}

/** The sink hashes what it writes; hashing here as well would cost a fifth of the time. */
async function unverifiedChunks(
  { reader }: SourceImage,
  blob: Descriptor,
  options: CopyOptions,
): Promise<AsyncIterable<Buffer>> {
  const { chunks } = await reader.openBlob(blob.digest);
  return observed(chunks, options);
}

async function* observed(
  chunks: AsyncIterable<Buffer>,
  { signal, onBytes }: Pick<CopyOptions, "signal" | "onBytes">,
): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    signal.throwIfAborted();
    onBytes(chunk.length);
    yield chunk;
  }
}
