/** The objects of a tree that a medium holds, read and checked as a device does. */
import { treeImageCompression } from "../../bundle/media-type.ts";
import type { Tree } from "../../bundle/statement.ts";
import { ComposefsError } from "../../composefs/error.ts";
import { formatImageDigest, type ImageDigest, parseImageDigest } from "../../composefs/image-digest.ts";
import { imageObjects } from "../../composefs/image-objects.ts";
import { MAX_IMAGE_BYTES } from "../../composefs/plan-image.ts";
import { readImage } from "../../composefs/read-image.ts";
import { verityOf } from "../../composefs/verity.ts";
import { decompress } from "../../oci/decompress.ts";
import type { LayoutReader } from "../../oci/layout.ts";
import { readVerifiedChunks } from "../../oci/verified-blob.ts";
import type { ContentDigest } from "../../tree/node.ts";

export interface TreeObjects {
  readonly digest: ImageDigest;
  /** With sizes in bytes. */
  readonly objects: ReadonlyMap<ContentDigest, number>;
}

/** @throws OciError; ComposefsError COMPOSEFS_IMAGE_CORRUPT and as `readImage`; the reason of the signal */
export async function readTreeObjects(layout: LayoutReader, tree: Tree, signal: AbortSignal): Promise<TreeObjects> {
  const chunks: Buffer[] = [];
  const { image } = tree;
  const compression = treeImageCompression(image.mediaType);
  for await (const chunk of decompress(readVerifiedChunks(layout, image, signal), compression, MAX_IMAGE_BYTES))
    chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  const digest = formatImageDigest(verityOf(bytes));
  if (digest !== parseImageDigest(tree.composefs))
    throw new ComposefsError("COMPOSEFS_IMAGE_CORRUPT", `tree image: expected ${tree.composefs}, got ${digest}`);
  return { digest, objects: imageObjects(readImage(bytes)) };
}
