/** Which objects a tree needs, and what they weigh. */
import type { ContentDigest, DirectoryNode } from "../tree/node.ts";
import { walkTree } from "../tree/walk.ts";
import { ComposefsError } from "./error.ts";

/**
 * The objects that the tree's files refer to, each once, with their sizes in bytes.
 *
 * @throws ComposefsError COMPOSEFS_TREE_UNSUPPORTED when one digest stands with two sizes: one of them lies
 */
export function imageObjects(root: DirectoryNode): Map<ContentDigest, number> {
  const objects = new Map<ContentDigest, number>();
  for (const { node } of walkTree(root)) {
    if (node.kind !== "file" || node.content.kind !== "object") continue;
    const { digest, sizeBytes } = node.content;
    const known = objects.get(digest);
    if (known !== undefined && known !== sizeBytes)
      throw new ComposefsError(
        "COMPOSEFS_TREE_UNSUPPORTED",
        `object ${digest} has ${known} bytes and ${sizeBytes} bytes`,
      );
    objects.set(digest, sizeBytes);
  }
  return objects;
}

/** The sizes of all objects of the tree together, each counted once. */
export function objectsSizeBytes(root: DirectoryNode): number {
  let total = 0;
  for (const sizeBytes of imageObjects(root).values()) total += sizeBytes;
  return total;
}
