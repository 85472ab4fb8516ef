/**
 * Reads a composefs image back into the tree that it was made of (BF-8.10 of `bundle-format/tree.md`).
 *
 * Images are hostile until their digest has been compared with a signed one, and even then this reader takes nothing
 * but what our writer writes: it writes the tree that it has read once more and compares every byte. So there is no
 * part of an image that a kernel could see otherwise than this reader does.
 */
import { type ByteString, stringToBytes } from "../path.ts";
import { MAX_PATH_DEPTH } from "../tree/limits.ts";
import { metadataPool } from "../tree/metadata-pool.ts";
import type { DirectoryNode, LeafNode, Metadata, TreeNode } from "../tree/node.ts";
import { emitImage } from "./emit-image.ts";
import { BLOCK_BYTES } from "./erofs-format.ts";
import { ComposefsError } from "./error.ts";
import { withoutWhiteouts } from "./image-root.ts";
import { corrupt, ImageView } from "./image-view.ts";
import { METACOPY, OPAQUE, REDIRECT } from "./image-xattrs.ts";
import { type ImagePlan, MAX_IMAGE_BYTES, planImage } from "./plan-image.ts";
import { readDirectory } from "./read-directory.ts";
import { type RawInode, readInode } from "./read-inode.ts";
import { isDirectory, readLeaf } from "./read-leaf.ts";
import { readSuperblock, type Superblock } from "./read-superblock.ts";
import { type XattrValues, xattrReader } from "./read-xattrs.ts";

const PERMISSION_BITS = 0o7777;
/** What a writer adds: all other attributes of overlayfs are refused in {@link planImage}. */
const ADDED_XATTRS: readonly ByteString[] = [METACOPY, REDIRECT, OPAQUE];
const NO_XATTRS: Metadata["xattrs"] = new Map();

/**
 * The tree of an image; nodes of several names are one object again. The result keeps nothing of `image`.
 *
 * @throws ComposefsError COMPOSEFS_IMAGE_TOO_LARGE, COMPOSEFS_IMAGE_UNSUPPORTED, COMPOSEFS_IMAGE_CORRUPT,
 *   COMPOSEFS_OBJECT_NAME_MISMATCH, COMPOSEFS_IMAGE_NOT_CANONICAL
 */
export function readImage(image: Uint8Array): DirectoryNode {
  if (image.length > MAX_IMAGE_BYTES)
    throw new ComposefsError(
      "COMPOSEFS_IMAGE_TOO_LARGE",
      `image of ${image.length} bytes, at most ${MAX_IMAGE_BYTES} allowed`,
    );
  const view = new ImageView(image);
  const superblock = readSuperblock(view);
  const root = readTree(view, superblock);
  if (root.kind !== "directory") throw corrupt(`root at ${superblock.rootAt} is a ${root.kind}`);
  const tree = withoutWhiteouts(root);
  verifyCanonical(view, tree);
  return tree;
}

function readTree(view: ImageView, superblock: Superblock): TreeNode {
  const readXattrs = xattrReader(view, superblock.sharedXattrsAt);
  const leaves = new Map<number, LeafNode>();
  const directories = new Set<number>();
  const pooled = metadataPool();

  const readNode = (at: number, depth: number): TreeNode => {
    const known = leaves.get(at);
    if (known !== undefined) return known;
    const inode = readInode(view, at, readXattrs);
    const metadata = pooled(metadataOf(inode, superblock));
    if (!isDirectory(inode)) {
      const leaf = readLeaf(view, inode, metadata);
      leaves.set(at, leaf);
      return leaf;
    }
    if (directories.has(at)) throw corrupt(`directory at ${at} is in the tree twice`);
    if (depth > MAX_PATH_DEPTH) throw corrupt(`directory at ${at} is deeper than ${MAX_PATH_DEPTH} levels`);
    directories.add(at);
    const entries = new Map<ByteString, TreeNode>();
    for (const [name, childAt] of readDirectory(view, inode)) entries.set(name, readNode(childAt, depth + 1));
    return { kind: "directory", metadata, entries };
  };

  return readNode(superblock.rootAt, 0);
}

function metadataOf(inode: RawInode, superblock: Superblock): Metadata {
  return {
    mode: inode.mode & PERMISSION_BITS,
    uid: inode.uid,
    gid: inode.gid,
    mtimeSeconds: inode.mtimeSeconds ?? superblock.minMtimeSeconds,
    xattrs: treeXattrs(inode.xattrs),
  };
}

/** Where an added attribute is missing, or stands where it does not belong, the comparison finds it. */
function treeXattrs(values: XattrValues): Metadata["xattrs"] {
  const xattrs = new Map<ByteString, Uint8Array>();
  for (const [name, value] of values)
    if (!ADDED_XATTRS.includes(name)) xattrs.set(name, Uint8Array.from(stringToBytes(value)));
  return xattrs.size === 0 ? NO_XATTRS : xattrs;
}

/** @throws ComposefsError COMPOSEFS_IMAGE_NOT_CANONICAL, COMPOSEFS_IMAGE_CORRUPT */
function verifyCanonical(view: ImageView, tree: DirectoryNode): void {
  const plan = planAgain(tree);
  if (plan.blocks * BLOCK_BYTES !== view.bytes.length)
    throw new ComposefsError(
      "COMPOSEFS_IMAGE_NOT_CANONICAL",
      `image of ${view.bytes.length} bytes describes a tree whose image has ${plan.blocks * BLOCK_BYTES} bytes`,
    );
  let at = 0;
  emitImage(plan, (chunk) => {
    if (view.bytes.compare(chunk, 0, chunk.length, at, at + chunk.length) !== 0)
      throw new ComposefsError(
        "COMPOSEFS_IMAGE_NOT_CANONICAL",
        `image differs from that of the tree in it between bytes ${at} and ${at + chunk.length}`,
      );
    at += chunk.length;
  });
}

function planAgain(tree: DirectoryNode): ImagePlan {
  try {
    return planImage(tree);
  } catch (error) {
    if (!(error instanceof ComposefsError)) throw error;
    throw corrupt(`image describes what no tree holds: ${error.message}`, { cause: error });
  }
}
