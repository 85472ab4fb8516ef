/** Puts a complete layer over the tree of the layers below it (OCI image-spec, layer.md, "Applying Changesets"). */
import { type DirectoryDraft, notADirectory } from "./directory-draft.ts";
import type { TreePath } from "./tree-path.ts";

/**
 * Changes `below` into the merged tree; `layer` must not be used afterwards.
 *
 * @throws TreeError TREE_THROUGH_SYMLINK, TREE_PARENT_NOT_DIRECTORY
 */
export function applyLayer(below: DirectoryDraft, layer: DirectoryDraft, path: TreePath = []): void {
  if (layer.isOpaque) below.entries.clear();
  else for (const name of layer.whiteouts ?? []) below.entries.delete(name);
  // The attributes of an existing directory are replaced by those of the entry, all of them.
  if (layer.metadata !== undefined) below.metadata = layer.metadata;
  for (const [name, change] of layer.entries) {
    if (change.kind !== "directory") {
      below.entries.set(name, change);
      continue;
    }
    const existing = below.entries.get(name);
    if (existing?.kind === "directory") {
      applyLayer(existing, change, [...path, name]);
      continue;
    }
    // Writing below a link, or deleting there, would change another directory than the entry names.
    if (existing !== undefined && change.isAssumed) throw notADirectory(existing, [...path, name]);
    if (change.isPresent) {
      adopt(change);
      below.entries.set(name, change);
    }
  }
}

/** Makes a directory of a layer one of the merged tree, where there was none. */
function adopt(directory: DirectoryDraft): void {
  directory.isOpaque = false;
  directory.whiteouts = undefined;
  for (const [name, child] of directory.entries) {
    if (child.kind !== "directory") continue;
    if (child.isPresent) adopt(child);
    else directory.entries.delete(name);
  }
}
