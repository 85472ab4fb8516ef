/** Finds what a hard link of a layer links to (BF-7.8 of `bundle-format/tree.md`). */
import { type DirectoryDraft, type DraftNode, notADirectory } from "./directory-draft.ts";
import { TreeError } from "./error.ts";
import type { LeafNode } from "./node.ts";
import type { HardlinkEntry } from "./tar-entry.ts";
import { displayTreePath } from "./tree-path.ts";

/**
 * The node at the link's target: put there by an earlier entry of the layer, or by a lower layer and not hidden by an
 * earlier whiteout of this one.
 *
 * @throws TreeError TREE_LINK_TARGET_MISSING, TREE_LINK_TO_DIRECTORY, TREE_THROUGH_SYMLINK, TREE_PARENT_NOT_DIRECTORY
 */
export function findLinkTarget(layer: DirectoryDraft, merged: DirectoryDraft, entry: HardlinkEntry): LeafNode {
  let upper: DirectoryDraft | undefined = layer;
  let lower: DirectoryDraft | undefined = merged;
  let node: DraftNode = layer;
  for (const [depth, name] of entry.hardlinkTarget.entries()) {
    if (node.kind !== "directory") throw notADirectory(node, entry.hardlinkTarget.slice(0, depth));
    const isHidden: boolean = upper !== undefined && (upper.isOpaque || (upper.whiteouts?.has(name) ?? false));
    const above: DraftNode | undefined = upper?.entries.get(name);
    const below: DraftNode | undefined = isHidden ? undefined : lower?.entries.get(name);
    const found: DraftNode | undefined = above ?? below;
    if (found === undefined) throw missing(entry);
    upper = above?.kind === "directory" ? above : undefined;
    lower = below?.kind === "directory" ? below : undefined;
    node = found;
  }
  if (node.kind === "directory")
    throw new TreeError(
      "TREE_LINK_TO_DIRECTORY",
      `hard link ${displayTreePath(entry.path)} to a directory: ${displayTreePath(entry.hardlinkTarget)}`,
    );
  return node;
}

function missing(entry: HardlinkEntry): TreeError {
  return new TreeError(
    "TREE_LINK_TARGET_MISSING",
    `hard link ${displayTreePath(entry.path)} to what is not there: ${displayTreePath(entry.hardlinkTarget)}`,
  );
}
