/** Writes one inode with its extended attributes (Linux fs/erofs/erofs_fs.h; BF-8.5, BF-8.7). */
import type { TreeNode } from "../tree/node.ts";
import type { ByteSink } from "./byte-sink.ts";
import { BLOCK_BYTES, FILE_TYPES, roundUp, XATTR_HEADER_BYTES, XATTR_ID_BYTES } from "./erofs-format.ts";
import type { ImageXattr } from "./image-xattrs.ts";
import { chunkFormat, type InodeShape } from "./inode-shape.ts";
import type { ImagePlan } from "./plan-image.ts";
import type { PlacedXattrs, SharedXattrs } from "./shared-xattrs.ts";
import { linksOf } from "./survey-tree.ts";

/** @param firstBlock where the inode's blocks of data begin, if it has any */
export function emitInode(
  sink: ByteSink,
  plan: ImagePlan,
  index: number,
  node: TreeNode,
  shape: InodeShape,
  firstBlock: number,
): void {
  const { uid, gid, mode, mtimeSeconds } = node.metadata;
  const xattrWords = shape.xattrs.sizeBytes === 0 ? 0 : (shape.xattrs.sizeBytes - XATTR_HEADER_BYTES) / 4 + 1;
  sink.u16((shape.layout << 1) | (shape.isCompact ? 0 : 1));
  sink.u16(xattrWords);
  sink.u16(FILE_TYPES[node.kind].mode | mode);
  if (shape.isCompact) {
    sink.u16(linksOf(plan, node));
    sink.u32(shape.sizeBytes);
    sink.u32(0);
    sink.u32(dataWord(node, shape, firstBlock));
    sink.u32(index);
    sink.u16(uid);
    sink.u16(gid);
    sink.u32(0);
  } else {
    sink.u16(0);
    sink.u64(shape.sizeBytes);
    sink.u32(dataWord(node, shape, firstBlock));
    sink.u32(index);
    sink.u32(uid);
    sink.u32(gid);
    sink.u64(mtimeSeconds);
    sink.u32(0); // nanoseconds: canonical trees have whole seconds
    sink.u32(linksOf(plan, node));
    sink.u64(0);
    sink.u64(0);
  }
  emitXattrs(sink, plan, shape.xattrs);
}

/** i_u: the device's number, the format of chunks, or the first block of data. */
function dataWord(node: TreeNode, shape: InodeShape, firstBlock: number): number {
  switch (node.kind) {
    case "character-device":
    case "block-device":
      return formatDevice(node.major, node.minor);
    case "file":
      return node.content.kind === "object" ? chunkFormat(node.content.sizeBytes) : 0;
    case "directory":
    case "symlink":
    case "fifo":
      return shape.blocks > 0 ? firstBlock : 0;
  }
}

/** Linux new_encode_dev(): 12 bits of major number between the low 8 and the high 12 bits of minor number. */
function formatDevice(major: number, minor: number): number {
  return ((minor & 0xff) | (major << 8) | ((minor & ~0xff) << 12)) >>> 0;
}

function emitXattrs(sink: ByteSink, plan: ImagePlan, xattrs: PlacedXattrs): void {
  if (xattrs.sizeBytes === 0) return;
  sink.u32(xattrs.nameFilter);
  sink.u8(xattrs.shared.length);
  sink.padTo(sink.position + 7);
  // Ids count words from the start of the block in which the shared attributes begin.
  const tableStart = plan.inodesEnd % BLOCK_BYTES;
  for (const offset of xattrs.shared) sink.u32((tableStart + offset) / XATTR_ID_BYTES);
  for (const xattr of xattrs.inline) emitXattr(sink, plan.sharedXattrs, xattr);
}

export function emitXattr(sink: ByteSink, names: SharedXattrs, xattr: ImageXattr): void {
  const { index, suffix } = names.nameOf(xattr);
  sink.u8(suffix.length);
  sink.u8(index);
  sink.u16(xattr.value.length);
  sink.text(suffix);
  sink.text(xattr.value);
  sink.padTo(roundUp(sink.position, 4));
}
