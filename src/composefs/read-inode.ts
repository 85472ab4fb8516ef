/** Reads inodes and the data behind them (Linux fs/erofs/erofs_fs.h; BF-8.5). */
import type { ByteString } from "../path.ts";
import {
  BLOCK_BYTES,
  COMPACT_INODE_BYTES,
  EXTENDED_INODE_BYTES,
  LAYOUT_INLINE,
  LAYOUT_PLAIN,
  XATTR_HEADER_BYTES,
} from "./erofs-format.ts";
import { corrupt, type ImageView } from "./image-view.ts";
import type { XattrValues } from "./read-xattrs.ts";

export interface RawInode {
  readonly at: number;
  readonly layout: number;
  /** File type and permissions, as in st_mode. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Undefined for compact inodes: they have the image's. */
  readonly mtimeSeconds: number | undefined;
  readonly sizeBytes: number;
  /** i_u: device number, chunk format or first block of data. */
  readonly dataWord: number;
  readonly xattrs: XattrValues;
  /** Where the tail begins. */
  readonly tailAt: number;
}

const NO_XATTRS: XattrValues = new Map();

/** @throws ComposefsError COMPOSEFS_IMAGE_CORRUPT */
export function readInode(
  view: ImageView,
  at: number,
  readXattrs: (at: number, length: number) => XattrValues,
): RawInode {
  const { bytes } = view;
  view.take(at, COMPACT_INODE_BYTES, "inode");
  const format = bytes.readUInt16LE(at);
  const isExtended = (format & 1) === 1;
  if (isExtended) view.take(at + COMPACT_INODE_BYTES, EXTENDED_INODE_BYTES - COMPACT_INODE_BYTES, "inode");
  const xattrWords = bytes.readUInt16LE(at + 2);
  const xattrsAt = at + (isExtended ? EXTENDED_INODE_BYTES : COMPACT_INODE_BYTES);
  const xattrsBytes = xattrWords === 0 ? 0 : XATTR_HEADER_BYTES + (xattrWords - 1) * 4;
  view.take(xattrsAt, xattrsBytes, "extended attributes");
  return {
    at,
    layout: format >> 1,
    mode: bytes.readUInt16LE(at + 4),
    uid: isExtended ? bytes.readUInt32LE(at + 24) : bytes.readUInt16LE(at + 24),
    gid: isExtended ? bytes.readUInt32LE(at + 28) : bytes.readUInt16LE(at + 26),
    mtimeSeconds: isExtended ? view.i64(at + 32) : undefined,
    sizeBytes: isExtended ? view.u64(at + 8) : bytes.readUInt32LE(at + 8),
    dataWord: bytes.readUInt32LE(at + 16),
    xattrs: xattrsBytes === 0 ? NO_XATTRS : readXattrs(xattrsAt, xattrsBytes),
    tailAt: xattrsAt + xattrsBytes,
  };
}

/**
 * The parts of the inode's data in order: whole blocks, then what is left over.
 *
 * @returns positions and lengths, inside the image and taken
 * @throws ComposefsError COMPOSEFS_IMAGE_CORRUPT
 */
export function readData(
  view: ImageView,
  inode: RawInode,
): readonly { readonly at: number; readonly length: number }[] {
  const parts: { at: number; length: number }[] = [];
  if (inode.layout !== LAYOUT_PLAIN && inode.layout !== LAYOUT_INLINE)
    throw corrupt(`inode at ${inode.at} has data in the unknown layout ${inode.layout}`);
  let left = inode.sizeBytes;
  for (let at = inode.dataWord * BLOCK_BYTES; left > 0; at += BLOCK_BYTES) {
    const isTail = left < BLOCK_BYTES && inode.layout === LAYOUT_INLINE;
    const part = { at: isTail ? inode.tailAt : at, length: Math.min(left, BLOCK_BYTES) };
    view.take(part.at, part.length, `data of the inode at ${inode.at}`);
    parts.push(part);
    left -= part.length;
  }
  return parts;
}

/** The data of an inode that has at most `maxBytes` of it. */
export function readText(view: ImageView, inode: RawInode, maxBytes: number): ByteString {
  if (inode.sizeBytes > maxBytes)
    throw corrupt(`inode at ${inode.at} has ${inode.sizeBytes} bytes of data, at most ${maxBytes} allowed`);
  return readData(view, inode)
    .map(({ at, length }) => view.text(at, length))
    .join("") as ByteString;
}
