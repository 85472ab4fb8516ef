/** How many bytes an inode takes in an image, and in which layout its data stands (BF-8.5, BF-8.8). */
import type { FileContent, TreeNode } from "../tree/node.ts";
import type { DirectoryBlocks } from "./directory-blocks.ts";
import {
  BLOCK_BYTES,
  CHUNK_ADDRESS_BYTES,
  COMPACT_INODE_BYTES,
  EXTENDED_INODE_BYTES,
  LAYOUT_CHUNKS,
  LAYOUT_INLINE,
  LAYOUT_PLAIN,
  LOG_BLOCK_BYTES,
  roundUp,
  SLOT_BYTES,
} from "./erofs-format.ts";
import type { PlacedXattrs } from "./shared-xattrs.ts";

export interface InodeShape {
  readonly isCompact: boolean;
  readonly layout: number;
  /** i_size */
  readonly sizeBytes: number;
  readonly xattrs: PlacedXattrs;
  /** Data that stands behind the inode and its attributes; never crosses a block. */
  readonly tailBytes: number;
  /** Data that stands in blocks of its own. */
  readonly blocks: number;
}

const MAX_COMPACT_ID = 0xffff;
const MAX_COMPACT_SIZE = 0xffff_ffff;

/**
 * @param directory the blocks of a directory, undefined for other nodes
 * @param minMtimeSeconds of the image: compact inodes have no mtime but this
 */
export function shapeInode(
  node: TreeNode,
  directory: DirectoryBlocks | undefined,
  links: number,
  xattrs: PlacedXattrs,
  minMtimeSeconds: number,
): InodeShape {
  const { uid, gid, mtimeSeconds } = node.metadata;
  const data = directory === undefined ? shapeData(node) : shapeDirectory(directory);
  const isCompact =
    mtimeSeconds === minMtimeSeconds &&
    links <= MAX_COMPACT_ID &&
    uid <= MAX_COMPACT_ID &&
    gid <= MAX_COMPACT_ID &&
    data.sizeBytes <= MAX_COMPACT_SIZE;
  const shape = { isCompact, xattrs, ...data };
  // Linux takes a link's target from behind its inode only where both are in one block.
  const isLongSymlink = node.kind === "symlink" && inodeBytes(shape) >= BLOCK_BYTES;
  return isLongSymlink ? { ...shape, layout: LAYOUT_PLAIN, tailBytes: 0, blocks: 1 } : shape;
}

/** Bytes of the inode with its attributes and its tail. */
export function inodeBytes(shape: InodeShape): number {
  return (shape.isCompact ? COMPACT_INODE_BYTES : EXTENDED_INODE_BYTES) + shape.xattrs.sizeBytes + shape.tailBytes;
}

/** How many bytes are left free before the inode at `position`, so that its tail does not cross a block. */
export function paddingBefore(position: number, node: TreeNode, shape: InodeShape): number {
  const toNextBlock = roundUp(position, BLOCK_BYTES) - position;
  if (node.kind === "symlink") {
    // A link whose target does not fit begins a block all the same: so does every writer's, and so digests agree.
    if (shape.blocks > 0) return toNextBlock;
    return inodeBytes(shape) > BLOCK_BYTES - (position % BLOCK_BYTES) ? toNextBlock : 0;
  }
  const room = BLOCK_BYTES - ((position + inodeBytes(shape) - shape.tailBytes) % BLOCK_BYTES);
  return room < shape.tailBytes ? roundUp(room, SLOT_BYTES) : 0;
}

/** Of an object: the exponent of its chunk's size in blocks. One chunk holds the whole file, up to 8 TiB. */
export function chunkFormat(sizeBytes: number): number {
  let bits = LOG_BLOCK_BYTES;
  while (2 ** bits < sizeBytes) bits++;
  return bits - LOG_BLOCK_BYTES;
}

interface DataShape {
  readonly layout: number;
  readonly sizeBytes: number;
  readonly tailBytes: number;
  readonly blocks: number;
}

function shapeDirectory({ blocks, tailBytes }: DirectoryBlocks): DataShape {
  return {
    layout: tailBytes > 0 ? LAYOUT_INLINE : LAYOUT_PLAIN,
    sizeBytes: blocks.length * BLOCK_BYTES + tailBytes,
    tailBytes,
    blocks: blocks.length,
  };
}

function shapeData(node: TreeNode): DataShape {
  switch (node.kind) {
    case "file":
      return shapeContent(node.content);
    case "symlink":
      return shapeTail(node.target.length);
    case "directory":
    case "character-device":
    case "block-device":
    case "fifo":
      return shapeTail(0);
  }
}

function shapeContent(content: FileContent): DataShape {
  switch (content.kind) {
    case "inline":
      return shapeTail(content.bytes.length);
    case "object":
      return { layout: LAYOUT_CHUNKS, sizeBytes: content.sizeBytes, tailBytes: CHUNK_ADDRESS_BYTES, blocks: 0 };
  }
}

function shapeTail(sizeBytes: number): DataShape {
  return { layout: sizeBytes > 0 ? LAYOUT_INLINE : LAYOUT_PLAIN, sizeBytes, tailBytes: sizeBytes, blocks: 0 };
}
