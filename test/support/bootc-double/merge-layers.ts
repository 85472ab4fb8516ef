/** What the layers of an image make, by the code that makes it on a workstation: what was booted can be compared with what was signed. */
import { createHash } from "node:crypto";
import { contentDigesters } from "../../../src/composefs/content-digester.ts";
import { formatImageDigest, type ImageDigest } from "../../../src/composefs/image-digest.ts";
import { verityOf } from "../../../src/composefs/verity.ts";
import { writeImage } from "../../../src/composefs/write-image.ts";
import { decompress } from "../../../src/oci/decompress.ts";
import { type Digest, digestOfHex } from "../../../src/oci/digest.ts";
import { layerCompression } from "../../../src/oci/media-type.ts";
import { canonicalTree } from "../../../src/tree/canonical-tree.ts";
import { LayerMerge } from "../../../src/tree/layer-merge.ts";
import type { ContentDigest, DirectoryNode, FileContent } from "../../../src/tree/node.ts";
import { TarParser } from "../../../src/tree/tar-parser.ts";

export interface LayerBytes {
  readonly mediaType: string;
  readonly bytes: Buffer;
}

export interface MergedLayers {
  readonly root: DirectoryNode;
  readonly digest: ImageDigest;
  /** The digests of what the layers unpack to, whatever their image says. */
  readonly diffIds: readonly Digest[];
  /** Of a file that is no larger than a unit file is. */
  textOf(content: FileContent): string;
}

const MAX_KEPT_BYTES = 64 << 10;
const MAX_LAYER_BYTES = 1 << 30;

/** @throws TreeError, OciError for layers that are none */
export async function mergeLayers(layers: readonly LayerBytes[]): Promise<MergedLayers> {
  const kept = new Map<ContentDigest, Buffer>();
  const merge = new LayerMerge(keepSmallContent(kept));
  const diffIds: Digest[] = [];
  for (const { bytes, mediaType } of layers) {
    const layer = merge.openLayer();
    const parser = new TarParser(layer);
    const hash = createHash("sha256");
    for await (const chunk of decompress(chunksOf(bytes), layerCompression(mediaType), MAX_LAYER_BYTES)) {
      hash.update(chunk);
      parser.write(chunk);
    }
    parser.end();
    diffIds.push(digestOfHex(hash.digest("hex")));
    layer.close();
  }
  const root = canonicalTree(merge.finish());
  return {
    root,
    digest: formatImageDigest(verityOf(writeImage(root))),
    diffIds,
    textOf: (content) =>
      Buffer.from(content.kind === "inline" ? content.bytes : (kept.get(content.digest) ?? [])).toString("utf8"),
  };
}

async function* chunksOf(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

function keepSmallContent(kept: Map<ContentDigest, Buffer>): ReturnType<typeof contentDigesters> {
  const openDigester = contentDigesters();
  return (sizeBytes) => {
    const digester = openDigester(sizeBytes);
    if (sizeBytes > MAX_KEPT_BYTES) return digester;
    const chunks: Buffer[] = [];
    return {
      write(chunk) {
        chunks.push(Buffer.from(chunk));
        digester.write(chunk);
      },
      end() {
        const content = digester.end();
        if (content.kind === "object") kept.set(content.digest, Buffer.concat(chunks));
        return content;
      },
    };
  };
}
