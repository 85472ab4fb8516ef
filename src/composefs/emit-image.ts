/** Writes a planned image, from its first byte to its last (BF-8.4 to BF-8.8 of `bundle-format/tree.md`). */
import type { TreeNode } from "../tree/node.ts";
import { ByteSink } from "./byte-sink.ts";
import { direntsOf, emitDirents } from "./emit-directory.ts";
import { emitInode, emitXattr } from "./emit-inode.ts";
import {
  BLOCK_BYTES,
  COMPOSEFS_VERSION,
  FEATURE_COMPAT,
  HEADER_FLAG_HAS_ACL,
  HEADER_MAGIC,
  HEADER_VERSION,
  INODES_AT,
  LOG_BLOCK_BYTES,
  NULL_CHUNK,
  roundUp,
  SLOT_BYTES,
  SUPERBLOCK_AT,
  SUPERBLOCK_MAGIC,
} from "./erofs-format.ts";
import { type ImagePlan, shapeOf } from "./plan-image.ts";

/** @param write gets consecutive chunks of the image, each valid only during the call */
export function emitImage(plan: ImagePlan, write: (chunk: Buffer) => void): void {
  const sink = new ByteSink(write);
  emitHeader(sink, plan);
  emitSuperblock(sink, plan);
  let nextBlock = plan.firstDataBlock;
  for (const [index, node] of plan.nodes.entries()) {
    const shape = shapeOf(plan, node, index);
    sink.padTo((plan.nids[index] ?? 0) * SLOT_BYTES);
    emitInode(sink, plan, index, node, shape, nextBlock);
    if (shape.tailBytes > 0) emitTail(sink, plan, index, node);
    nextBlock += shape.blocks;
  }
  sink.padTo(plan.inodesEnd);
  for (const xattr of plan.sharedXattrs.entries) emitXattr(sink, plan.sharedXattrs, xattr);
  for (const [index, node] of plan.nodes.entries()) emitBlocks(sink, plan, index, node);
  sink.padTo(plan.blocks * BLOCK_BYTES);
  sink.flush();
}

function emitHeader(sink: ByteSink, plan: ImagePlan): void {
  sink.u32(HEADER_MAGIC);
  sink.u32(HEADER_VERSION);
  sink.u32(plan.hasAcl ? HEADER_FLAG_HAS_ACL : 0);
  sink.u32(COMPOSEFS_VERSION);
  sink.padTo(SUPERBLOCK_AT);
}

function emitSuperblock(sink: ByteSink, plan: ImagePlan): void {
  sink.u32(SUPERBLOCK_MAGIC);
  sink.u32(0); // no checksum: the image's own digest is stronger
  sink.u32(FEATURE_COMPAT);
  sink.u8(LOG_BLOCK_BYTES);
  sink.u8(0);
  sink.u16(plan.nids[0] ?? 0);
  sink.u64(plan.nodes.length);
  sink.u64(plan.minMtimeSeconds);
  sink.u32(0);
  sink.u32(plan.blocks);
  sink.u32(0); // nids count from the start of the image
  sink.u32(Math.floor(plan.inodesEnd / BLOCK_BYTES));
  sink.padTo(INODES_AT);
}

/** Data that stands behind its inode. */
function emitTail(sink: ByteSink, plan: ImagePlan, index: number, node: TreeNode): void {
  switch (node.kind) {
    case "directory":
      emitDirents(sink, direntsOf(plan, index, node), plan.directories.get(node)?.blocks.tail ?? []);
      return;
    case "symlink":
      sink.text(node.target);
      return;
    case "file":
      if (node.content.kind === "inline") sink.bytes(node.content.bytes);
      else sink.u32(NULL_CHUNK);
      return;
    case "character-device":
    case "block-device":
    case "fifo":
      return;
  }
}

/** Data that stands in blocks of its own. */
function emitBlocks(sink: ByteSink, plan: ImagePlan, index: number, node: TreeNode): void {
  if (node.kind === "directory") {
    const blocks = plan.directories.get(node)?.blocks.blocks ?? [];
    if (blocks.length === 0) return;
    const dirents = direntsOf(plan, index, node);
    for (const names of blocks) {
      sink.padTo(roundUp(sink.position, BLOCK_BYTES));
      emitDirents(sink, dirents, names);
    }
  }
  if (node.kind === "symlink" && shapeOf(plan, node, index).blocks > 0) {
    sink.padTo(roundUp(sink.position, BLOCK_BYTES));
    sink.text(node.target);
  }
}
