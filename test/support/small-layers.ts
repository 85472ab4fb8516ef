/** Small layers to change at random, and what a workstation makes of one. */
import { contentDigesters } from "../../src/composefs/content-digester.ts";
import { readImage } from "../../src/composefs/read-image.ts";
import { writeImage } from "../../src/composefs/write-image.ts";
import { canonicalTree } from "../../src/tree/canonical-tree.ts";
import { LayerMerge } from "../../src/tree/layer-merge.ts";
import type { DirectoryNode } from "../../src/tree/node.ts";
import { TarParser } from "../../src/tree/tar-parser.ts";
import { HOSTILE_LAYERS } from "../hostile-layers/corpus.ts";
import { TAR } from "../hostile-layers/hostile-layer.ts";
import { archive, BLOCK, checksumOf, entry } from "../unit/tree/tar-bytes.ts";

const MAX_BYTES = 8 << 10;
const CHECKSUM_AT = 148;
const MAGIC_AT = 257;
/** Random layers are small, but may ask for much. */
const LIMITS = { maxEntries: 100_000, maxMetadataBytes: 64 << 20 };

const HONEST = entry({ name: "usr/bin/sh" }, "content");

/** An honest one, and the small ones of the corpus. */
export const SMALL_LAYERS: readonly Buffer[] = [archive(HONEST), ...smallOnes()];

function smallOnes(): Buffer[] {
  return HOSTILE_LAYERS.flatMap(({ blob }) => {
    const { mediaType, bytes } = blob(HONEST);
    return mediaType === TAR && bytes.length <= MAX_BYTES ? [bytes] : [];
  });
}

/** The canonical tree of a layer. Its image is read again, which compares it with the tree. @throws TreeError */
export function treeOfLayer(bytes: Buffer): DirectoryNode {
  const merge = new LayerMerge(contentDigesters(), LIMITS);
  const layer = merge.openLayer();
  const parser = new TarParser(layer, LIMITS);
  parser.write(bytes);
  parser.end();
  layer.close();
  const tree = canonicalTree(merge.finish());
  readImage(writeImage(tree));
  return tree;
}

/** Makes the checksum of each block right that has the magic of a header. */
export function sumHeaders(bytes: Buffer): void {
  for (let at = 0; at + BLOCK <= bytes.length; at += BLOCK) {
    const block = bytes.subarray(at, at + BLOCK);
    if (block.toString("latin1", MAGIC_AT, MAGIC_AT + 5) === "ustar")
      block.write(checksumOf(block), CHECKSUM_AT, "latin1");
  }
}
