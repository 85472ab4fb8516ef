/** The workstation's path from layers to an image, and the words for what came of it. */

import { contentDigesters } from "../../src/composefs/content-digester.ts";
import { readImage } from "../../src/composefs/read-image.ts";
import { writeImage } from "../../src/composefs/write-image.ts";
import { CodedError } from "../../src/error.ts";
import { decompress } from "../../src/oci/decompress.ts";
import { layerCompression } from "../../src/oci/media-type.ts";
import { canonicalTree } from "../../src/tree/canonical-tree.ts";
import { LayerMerge } from "../../src/tree/layer-merge.ts";
import type { DirectoryNode, TreeNode } from "../../src/tree/node.ts";
import { TarParser } from "../../src/tree/tar-parser.ts";
import { formatTreePath } from "../../src/tree/tree-path.ts";
import { walkTree } from "../../src/tree/walk.ts";
import { describeTree } from "../unit/tree/merge-layers.ts";
import { type HostileLayer, type LayerBlob, TAR } from "./hostile-layer.ts";

const CHUNK_BYTES = 64 << 10;

/** `release create` bounds the time of its builder alone; here a layer is never larger than this. */
const MAX_INFLATED_BYTES = 1 << 30;

async function* chunksOf(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) yield bytes.subarray(at, at + CHUNK_BYTES);
}

/** Merges the hostile layer over those below it and makes an image of the tree: a code, or the tree in words. */
export async function outcomeOnWorkstation(layer: HostileLayer): Promise<HostileLayer["onWorkstation"]> {
  const blobs: readonly LayerBlob[] = [
    ...layer.below.map((bytes) => ({ mediaType: TAR, bytes })),
    layer.blob(Buffer.alloc(0)),
  ];
  const merge = new LayerMerge(contentDigesters());
  try {
    for (const { mediaType, bytes } of blobs) {
      const reader = merge.openLayer();
      const parser = new TarParser(reader);
      for await (const chunk of decompress(chunksOf(bytes), layerCompression(mediaType), MAX_INFLATED_BYTES))
        parser.write(chunk);
      parser.end();
      reader.close();
    }
    const root = merge.finish();
    readImage(writeImage(canonicalTree(root))); // which compares the image with the tree, byte for byte
    return { tree: describeMerged(root) };
  } catch (error) {
    if (error instanceof CodedError) return { code: error.code };
    throw error;
  }
}

/** A line for each name, and one for each node whose metadata is not what everything has. */
function describeMerged(root: DirectoryNode): string[] {
  const lines = describeTree(root).map((line) => line.replace(/: [0-9a-f]{64}/, ""));
  const objects = new Map<string, number>();
  const odd: string[] = [];
  for (const { path, node } of walkTree(root)) {
    const name = formatTreePath(path);
    if (node.kind === "file" && node.content.kind === "object") objects.set(name, node.content.sizeBytes);
    const described = describeMetadata(node);
    if (described !== undefined) odd.push(`${name} has ${described}`);
  }
  const named = lines.map((line) => (objects.has(line) ? `${line}: object of ${objects.get(line)} bytes` : line));
  return [...named, ...odd].sort();
}

function describeMetadata(node: TreeNode): string | undefined {
  const { mode, uid, gid, mtimeSeconds, xattrs } = node.metadata;
  if (mode <= 0o777 && uid + gid === 0 && mtimeSeconds === 0 && xattrs.size === 0) return undefined;
  const attributes = [...xattrs].map(([name, value]) => `, ${name}=${Buffer.from(value).toString("latin1")}`);
  return `mode ${mode.toString(8)}, owner ${uid}:${gid}, time ${mtimeSeconds}${attributes.join("")}`;
}
