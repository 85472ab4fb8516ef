/**
 * Directories while layers are merged: of the merged tree below, and of the layer that is being read on top of it.
 *
 * A layer is read into a tree of its own and put over the tree below when it is complete, because its whiteouts apply
 * to lower layers only, wherever in the archive they stand (OCI image-spec, layer.md).
 */
import { type ByteString, bytesToString, stringToBytes } from "../path.ts";
import { TreeError } from "./error.ts";
import type { DirectoryNode, LeafNode, Metadata, TreeNode } from "./node.ts";
import { displayTreePath, type TreePath } from "./tree-path.ts";

/** Of directories that no layer has an entry for (BF-7.6 of `bundle-format/tree.md`). */
export const DEFAULT_DIRECTORY_METADATA: Metadata = {
  mode: 0o755,
  uid: 0,
  gid: 0,
  mtimeSeconds: 0,
  xattrs: new Map(),
};

export type DraftNode = DirectoryDraft | LeafNode;

/** In the merged tree only `metadata` and `entries` mean something; the rest says what a layer changes. */
export interface DirectoryDraft {
  readonly kind: "directory";
  /** Undefined until the layer has an entry for the directory itself. */
  metadata: Metadata | undefined;
  readonly entries: Map<ByteString, DraftNode>;
  /** Hides all that lower layers have here. */
  isOpaque: boolean;
  /** Names of lower layers that are hidden here. */
  whiteouts: Set<ByteString> | undefined;
  /** The layer puts something here: false where it only has whiteouts. */
  isPresent: boolean;
  /** Something below it came before its own entry: then a lower layer must have it as a directory, or as nothing. */
  isAssumed: boolean;
}

export function draftDirectory(): DirectoryDraft {
  return {
    kind: "directory",
    metadata: undefined,
    entries: new Map(),
    isOpaque: false,
    whiteouts: undefined,
    isPresent: false,
    isAssumed: false,
  };
}

/**
 * The directory of the layer at `path`, drafted where the layer has none yet.
 *
 * @param isPresent false for the directory of a whiteout, which does not bring it into being
 * @param onDraft told the name of each directory before it is drafted
 * @throws TreeError TREE_THROUGH_SYMLINK, TREE_PARENT_NOT_DIRECTORY; whatever `onDraft` throws
 */
export function reachDirectory(
  layer: DirectoryDraft,
  path: TreePath,
  isPresent: boolean,
  onDraft: (name: ByteString) => void,
): DirectoryDraft {
  let directory = layer;
  directory.isPresent ||= isPresent;
  for (const [depth, name] of path.entries()) {
    let child = directory.entries.get(name);
    if (child === undefined) {
      onDraft(name);
      child = draftDirectory();
      child.isAssumed = true;
      setEntry(directory, name, child);
    }
    if (child.kind !== "directory") throw notADirectory(child, path.slice(0, depth + 1));
    directory = child;
    directory.isPresent ||= isPresent;
  }
  return directory;
}

/** Puts `node` under `name`; the name is kept as a string of its own, not as a slice that holds its whole path. */
export function setEntry(directory: DirectoryDraft, name: ByteString, node: DraftNode): void {
  directory.entries.set(directory.entries.has(name) ? name : bytesToString(stringToBytes(name)), node);
}

/** What is said when a path goes through `node`, which is no directory. */
export function notADirectory(node: LeafNode, path: TreePath): TreeError {
  return node.kind === "symlink"
    ? new TreeError(
        "TREE_THROUGH_SYMLINK",
        `an entry of the layer lies below ${displayTreePath(path)}, a symbolic link`,
      )
    : new TreeError(
        "TREE_PARENT_NOT_DIRECTORY",
        `an entry of the layer lies below ${displayTreePath(path)}, which is a ${node.kind} and not a directory`,
      );
}

/** Ends the drafting: the tree takes over the maps of the draft. */
export function finishDraft(draft: DirectoryDraft): DirectoryNode {
  for (const [name, node] of draft.entries) {
    // A draft and a node differ in nothing that a reader of the map could see once the child is finished.
    if (node.kind === "directory") draft.entries.set(name, finishDraft(node) as DirectoryNode & DirectoryDraft);
  }
  return {
    kind: "directory",
    metadata: draft.metadata ?? DEFAULT_DIRECTORY_METADATA,
    entries: draft.entries as ReadonlyMap<ByteString, TreeNode>,
  };
}
