/**
 * The canonical form of a merged tree: what a composefs image is made of (BF-7.9 to BF-7.13 of
 * `bundle-format/tree.md`). Two merges of the same layers, by whatever program, have the same canonical tree.
 */
import { type ByteString, utf8ToByteString } from "../path.ts";
import { canonicalXattrs } from "./canonical-xattrs.ts";
import { DEFAULT_DIRECTORY_METADATA } from "./directory-draft.ts";
import { TreeError } from "./error.ts";
import type { DirectoryNode, LeafNode, Metadata, TreeNode } from "./node.ts";
import { displayTreePath, type TreePath } from "./tree-path.ts";

/** BF-7.12: the system mounts on these, so what an image has in them is never seen. Modes are for absent ones. */
const MOUNT_POINTS: ReadonlyMap<ByteString, number> = new Map([
  [utf8ToByteString("dev"), 0o755],
  [utf8ToByteString("proc"), 0o755],
  [utf8ToByteString("run"), 0o755],
  [utf8ToByteString("sys"), 0o755],
  [utf8ToByteString("tmp"), 0o1777],
]);
const USR = utf8ToByteString("usr");
/** BF-7.10: Linux shows no other mode for a symbolic link, whatever an archive says. */
const SYMLINK_MODE = 0o777;

/**
 * Makes the canonical tree. Nodes that are canonical already are shared with `root`, and two names of one node are two
 * names of one node again.
 *
 * @throws TreeError TREE_MOUNT_POINT_INVALID, TREE_XATTR_INVALID
 */
export function canonicalTree(root: DirectoryNode): DirectoryNode {
  const leaves = new Map<LeafNode, LeafNode>();
  const metadata = rootMetadata(root);
  const entries = new Map(root.entries);
  for (const [name, mode] of MOUNT_POINTS) {
    const existing = entries.get(name);
    if (existing?.kind === "symlink") continue; // its target is where the image keeps these files
    if (existing !== undefined && existing.kind !== "directory")
      throw new TreeError("TREE_MOUNT_POINT_INVALID", `/${name} is a ${existing.kind}, expected a directory`);
    const created = { ...DEFAULT_DIRECTORY_METADATA, mode, mtimeSeconds: metadata.mtimeSeconds };
    entries.set(name, { kind: "directory", metadata: existing?.metadata ?? created, entries: new Map() });
  }
  return canonicalDirectory({ kind: "directory", metadata, entries }, [], leaves);
}

/** BF-7.11: layers need not hold an entry for the root, so it takes what every image has: the attributes of /usr. */
function rootMetadata(root: DirectoryNode): Metadata {
  const usr = root.entries.get(USR);
  return usr?.kind === "directory" ? usr.metadata : DEFAULT_DIRECTORY_METADATA;
}

function canonicalDirectory(directory: DirectoryNode, path: TreePath, leaves: Map<LeafNode, LeafNode>): DirectoryNode {
  const entries = new Map<ByteString, TreeNode>();
  // One character of a ByteString is one byte: the order of sort() is the order of the bytes.
  for (const name of [...directory.entries.keys()].sort()) {
    const node = directory.entries.get(name);
    if (node === undefined) continue;
    const canonical =
      node.kind === "directory"
        ? canonicalDirectory(node, [...path, name], leaves)
        : canonicalLeaf(node, path, name, leaves);
    entries.set(name, canonical);
  }
  return { kind: "directory", metadata: canonicalMetadata(directory, () => displayTreePath(path)), entries };
}

function canonicalLeaf(
  leaf: LeafNode,
  directory: TreePath,
  name: ByteString,
  leaves: Map<LeafNode, LeafNode>,
): LeafNode {
  const known = leaves.get(leaf);
  if (known !== undefined) return known;
  const metadata = canonicalMetadata(leaf, () => displayTreePath([...directory, name]));
  if (metadata === leaf.metadata) return leaf;
  const canonical = { ...leaf, metadata };
  leaves.set(leaf, canonical);
  return canonical;
}

function canonicalMetadata(node: TreeNode, describe: () => string): Metadata {
  const { metadata } = node;
  const mode = node.kind === "symlink" ? SYMLINK_MODE : metadata.mode;
  const xattrs = metadata.xattrs.size === 0 ? metadata.xattrs : canonicalXattrs(node.kind, metadata.xattrs, describe);
  return mode === metadata.mode && xattrs === metadata.xattrs ? metadata : { ...metadata, mode, xattrs };
}
