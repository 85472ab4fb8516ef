/**
 * What an image's root has that the tree's root has not: a whiteout for each directory of objects, so that the objects
 * stay hidden on kernels where the store must be an ordinary lower layer (BF-8.6).
 */
import { type ByteString, utf8ToByteString } from "../path.ts";
import type { DeviceNode, DirectoryNode, TreeNode } from "../tree/node.ts";

const WHITEOUT_MODE = 0o644;
const SELINUX = utf8ToByteString("security.selinux");
const OBJECT_DIRECTORIES: readonly ByteString[] = Array.from({ length: 256 }, (_, index) =>
  utf8ToByteString(index.toString(16).padStart(2, "0")),
);

/** The root with its whiteouts; a name that the tree has itself keeps its meaning. */
export function withWhiteouts(root: DirectoryNode): DirectoryNode {
  const entries = new Map(root.entries);
  for (const name of OBJECT_DIRECTORIES) if (!entries.has(name)) entries.set(name, whiteoutLike(root));
  return { ...root, entries };
}

/** The root without its whiteouts. */
export function withoutWhiteouts(root: DirectoryNode): DirectoryNode {
  const entries = new Map(root.entries);
  for (const name of OBJECT_DIRECTORIES) if (isWhiteout(entries.get(name))) entries.delete(name);
  return { ...root, entries };
}

/** Character device 0:0 is overlayfs's whiteout: no tree holds one. */
export function isWhiteout(node: TreeNode | undefined): boolean {
  return node?.kind === "character-device" && node.major === 0 && node.minor === 0;
}

function whiteoutLike(root: DirectoryNode): DeviceNode {
  const label = root.metadata.xattrs.get(SELINUX);
  const xattrs = new Map(label === undefined ? [] : [[SELINUX, label]]);
  return { kind: "character-device", metadata: { ...root.metadata, mode: WHITEOUT_MODE, xattrs }, major: 0, minor: 0 };
}
