/**
 * The tree that an image's layers make, merged while they are read: nothing is unpacked, and what is held in memory is
 * names and digests, never content beyond 64 bytes of a file, but for quadlets.
 */
import { createHash } from "node:crypto";
import { decompress } from "../oci/decompress.ts";
import { type Digest, digestOfHex } from "../oci/digest.ts";
import type { Compression } from "../oci/media-type.ts";
import { canonicalTree } from "../tree/canonical-tree.ts";
import { LayerMerge } from "../tree/layer-merge.ts";
import { TarParser } from "../tree/tar-parser.ts";
import type { MergedImage } from "./bound-images.ts";
import { ReleaseError } from "./error.ts";
import { openUnitKeeper } from "./unit-keeper.ts";

/** Nothing of a layer reaches disk or memory here, so this only bounds time: 40 times the largest OS image we know. */
const MAX_LAYER_BYTES = 256 * 1024 ** 3;

export interface ImageTree {
  /**
   * Merges the next layer.
   * @param chunks of the blob; what they say is used before their digest is known, so a failure spoils the whole tree
   * @throws ReleaseError RELEASE_DIFF_ID_MISMATCH; TreeError; OciError OCI_LAYER_CORRUPT, OCI_LAYER_TOO_LARGE
   */
  addLayer(chunks: AsyncIterable<Buffer>, compression: Compression, diffId: Digest): Promise<void>;
  /** The canonical tree of the layers so far (bundle-format/tree.md). @throws TreeError */
  finish(): MergedImage;
}

export function openImageTree(): ImageTree {
  const units = openUnitKeeper();
  const merge = new LayerMerge(units.openContent);
  return {
    async addLayer(chunks, compression, diffId) {
      const layer = merge.openLayer();
      const parser = new TarParser(layer);
      const hash = createHash("sha256");
      for await (const chunk of decompress(chunks, compression, MAX_LAYER_BYTES)) {
        hash.update(chunk);
        parser.write(chunk);
      }
      parser.end();
      layer.close();
      const actual = digestOfHex(hash.digest("hex"));
      if (actual !== diffId) {
        throw new ReleaseError("RELEASE_DIFF_ID_MISMATCH", `diff_id of a layer: expected ${diffId}, got ${actual}`);
      }
    },
    finish: () => ({ root: canonicalTree(merge.finish()), readUnit: units.readUnit }),
  };
}
