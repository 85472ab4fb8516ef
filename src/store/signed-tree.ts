/**
 * The composefs image that a signed statement pins: the list of everything that a device is to hold.
 *
 * It is fetched and checked before anything else is: layers and packs are unsigned and merely supply what it names.
 */
import { readFileSync } from "node:fs";
import { treeImageCompression } from "../bundle/media-type.ts";
import type { Target, Tree } from "../bundle/statement.ts";
import { formatImageDigest, type ImageDigest, parseImageDigest } from "../composefs/image-digest.ts";
import { objectsSizeBytes } from "../composefs/image-objects.ts";
import { MAX_IMAGE_BYTES } from "../composefs/plan-image.ts";
import { readImage } from "../composefs/read-image.ts";
import { verityOf } from "../composefs/verity.ts";
import { decompress } from "../oci/decompress.ts";
import type { LayoutReader } from "../oci/layout.ts";
import type { DirectoryNode } from "../tree/node.ts";
import { type BlobSourceOptions, collectChunks, openBlobSource } from "./blob-source.ts";
import { isMediaFailure } from "./check-object.ts";
import { StoreError, storeError } from "./error.ts";
import { fileSizeBytes, type ObjectStore } from "./object-store.ts";

export interface SignedTree {
  readonly digest: ImageDigest;
  readonly bytes: Buffer;
  readonly root: DirectoryNode;
  /** True when the store holds these very bytes already. */
  readonly isStored: boolean;
}

/**
 * An image may inflate to this many times its signed compressed size (it is 3 in practice): what bounds memory while the
 * bytes of a hostile medium are not known to be the wrong ones yet.
 */
const MAX_IMAGE_RATIO = 64;

/**
 * The tree that `target` pins, from the store where it is whole there, else from the medium (read once).
 * @throws StoreError STORE_TREE_ABSENT, STORE_TREE_MISMATCH, STORE_OBJECTS_SIZE_MISMATCH; OciError; ComposefsError
 */
export async function readSignedTree(
  store: ObjectStore,
  medium: LayoutReader,
  target: Target,
  options: BlobSourceOptions,
): Promise<SignedTree> {
  const tree = target.tree;
  if (tree === null) {
    throw new StoreError("STORE_TREE_ABSENT", `the release has no tree for ${target.compatible}`);
  }
  const digest = parseImageDigest(tree.composefs);
  const stored = readStoredImage(store, digest);
  const bytes = stored ?? (await readImageBlob(medium, tree.image, options));
  const actual = formatImageDigest(verityOf(bytes));
  if (actual !== digest) {
    throw new StoreError("STORE_TREE_MISMATCH", `tree image: expected ${digest}, as signed, got ${actual}`);
  }
  const root = readImage(bytes);
  const sizeBytes = objectsSizeBytes(root);
  if (sizeBytes !== tree.objectsSize) {
    throw new StoreError(
      "STORE_OBJECTS_SIZE_MISMATCH",
      `objects of ${digest}: expected ${tree.objectsSize} bytes, as signed, got ${sizeBytes}`,
    );
  }
  return { digest, bytes, root, isStored: stored !== undefined };
}

/** The bytes of an image that the store holds, or undefined when it is not there or not whole. */
export function readStoredImage(store: ObjectStore, digest: ImageDigest): Buffer | undefined {
  const path = store.imageFile(digest);
  const sizeBytes = fileSizeBytes(path);
  if (sizeBytes === undefined || sizeBytes > MAX_IMAGE_BYTES) return undefined;
  try {
    const bytes = readFileSync(path);
    return formatImageDigest(verityOf(bytes)) === digest ? bytes : undefined;
  } catch (error) {
    if (isMediaFailure(error)) return undefined;
    throw storeError(error, `reading ${path}`);
  }
}

async function readImageBlob(medium: LayoutReader, blob: Tree["image"], options: BlobSourceOptions): Promise<Buffer> {
  await using source = openBlobSource(medium, blob, options);
  const compression = treeImageCompression(blob.mediaType);
  const bytes = await collectChunks(
    decompress(source.chunks(), compression, Math.min(MAX_IMAGE_BYTES, blob.size * MAX_IMAGE_RATIO)),
  );
  await source.finish();
  return bytes;
}
