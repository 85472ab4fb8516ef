/** The composefs digest of an image in a layout: what a release of it would be signed with. */
import type { ImageDigest } from "../../../src/composefs/image-digest.ts";
import { formatImageDigest } from "../../../src/composefs/image-digest.ts";
import { verityOf } from "../../../src/composefs/verity.ts";
import { writeImage } from "../../../src/composefs/write-image.ts";
import { parseDigest } from "../../../src/oci/digest.ts";
import { MAX_DOCUMENT_BYTES, parseConfig, parseManifest } from "../../../src/oci/document.ts";
import type { LayoutReader } from "../../../src/oci/layout.ts";
import { layerCompression } from "../../../src/oci/media-type.ts";
import { readVerifiedBlob, readVerifiedChunks } from "../../../src/oci/verified-blob.ts";
import { openImageTree } from "../../../src/release/image-tree.ts";

/** @param manifestDigest `sha256:…` */
export async function treeOfLayout(layout: LayoutReader, manifestDigest: string): Promise<ImageDigest> {
  const digest = parseDigest(manifestDigest);
  const size = (await layout.blobSizeBytes(digest)) ?? 0;
  const manifest = parseManifest(await readVerifiedBlob(layout, { digest, size }, MAX_DOCUMENT_BYTES));
  const config = parseConfig(await readVerifiedBlob(layout, manifest.config, MAX_DOCUMENT_BYTES));
  const tree = openImageTree();
  for (const [index, layer] of manifest.layers.entries()) {
    const diffId = parseDigest(config.rootfs.diff_ids[index] ?? "");
    await tree.addLayer(readVerifiedChunks(layout, layer), layerCompression(layer.mediaType), diffId);
  }
  return formatImageDigest(verityOf(writeImage(tree.finish().root)));
}
