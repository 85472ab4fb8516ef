/**
 * How much the layers of an image may inflate to: the guard of the device's time against decompression bombs (memory
 * and disk are safe without it, since only objects that the signed image names are kept).
 *
 * What the layers hold is content that is visible in the tree, headers, and content that a later layer hides:
 *
 *     budget = Σ sizes of the tree's names + 4 KiB for each name + 64 × Σ compressed sizes + 16 MiB
 *
 * The tree, and with it the first two terms, is signed. Each visible name's content is in the layers at most once as
 * visible content; 4 KiB holds its header, its padding and a PAX header. What is hidden is bounded by the compressed
 * size only: file systems shrink 2 to 4 times, logs 20 times, the headers of empty files 30 times. Only a bomb needs
 * more than 64 (gzip reaches 1032, zstd has no limit).
 */
import type { DirectoryNode, FileContent, TreeNode } from "../tree/node.ts";

const NAME_OVERHEAD_BYTES = 4096;
const HIDDEN_CONTENT_RATIO = 64;
const FLOOR_BYTES = 16 << 20; // tiny images: two zero blocks, padding to 10 KiB and whatever a builder adds

/** @param compressedBytes the sizes of all layers together, from the image manifest */
export function inflationBudgetBytes(root: DirectoryNode, compressedBytes: number): number {
  return namesBytes(root) + HIDDEN_CONTENT_RATIO * compressedBytes + FLOOR_BYTES;
}

function namesBytes(root: DirectoryNode): number {
  let bytes = 0;
  const stack: TreeNode[] = [root];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    bytes += NAME_OVERHEAD_BYTES;
    if (node.kind === "directory") for (const entry of node.entries.values()) stack.push(entry);
    if (node.kind === "file") bytes += contentSizeBytes(node.content);
  }
  return bytes;
}

function contentSizeBytes(content: FileContent): number {
  return content.kind === "object" ? content.sizeBytes : content.bytes.length;
}
