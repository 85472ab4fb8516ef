/** Makes nodes of inodes that are no directories (BF-8.5, BF-8.7). */
import { bytesToString, displayBytes, stringToBytes } from "../path.ts";
import { MAX_SYMLINK_BYTES } from "../tree/limits.ts";
import { type ContentDigest, type FileContent, type LeafNode, MAX_INLINE_BYTES, type Metadata } from "../tree/node.ts";
import { FILE_TYPES, LAYOUT_CHUNKS } from "./erofs-format.ts";
import { ComposefsError } from "./error.ts";
import { corrupt, type ImageView } from "./image-view.ts";
import { METACOPY, METACOPY_PREFIX, REDIRECT, redirectValue } from "./image-xattrs.ts";
import { type RawInode, readText } from "./read-inode.ts";

const FILE_TYPE_BITS = 0o170000;
const DIGEST_BYTES = 32;

export function isDirectory(inode: RawInode): boolean {
  return (inode.mode & FILE_TYPE_BITS) === FILE_TYPES.directory.mode;
}

/**
 * @param metadata of the inode, without overlayfs's attributes
 * @throws ComposefsError COMPOSEFS_IMAGE_CORRUPT, COMPOSEFS_OBJECT_NAME_MISMATCH
 */
export function readLeaf(view: ImageView, inode: RawInode, metadata: Metadata): LeafNode {
  switch (inode.mode & FILE_TYPE_BITS) {
    case FILE_TYPES.file.mode:
      return { kind: "file", metadata, content: readContent(view, inode) };
    case FILE_TYPES.symlink.mode:
      return { kind: "symlink", metadata, target: readText(view, inode, MAX_SYMLINK_BYTES) };
    case FILE_TYPES["character-device"].mode:
      return { kind: "character-device", metadata, ...parseDevice(inode.dataWord) };
    case FILE_TYPES["block-device"].mode:
      return { kind: "block-device", metadata, ...parseDevice(inode.dataWord) };
    case FILE_TYPES.fifo.mode:
      return { kind: "fifo", metadata };
    default:
      throw corrupt(`inode at ${inode.at} has the unknown mode 0${inode.mode.toString(8)}`);
  }
}

function readContent(view: ImageView, inode: RawInode): FileContent {
  if (inode.layout !== LAYOUT_CHUNKS)
    return { kind: "inline", bytes: Uint8Array.from(stringToBytes(readText(view, inode, MAX_INLINE_BYTES))) };
  const metacopy = inode.xattrs.get(METACOPY);
  if (metacopy?.length !== METACOPY_PREFIX.length + DIGEST_BYTES || !metacopy.startsWith(METACOPY_PREFIX))
    throw corrupt(`file at ${inode.at} is an object without the sha256 digest of it`);
  const digest = Buffer.from(metacopy, "latin1").toString("hex", METACOPY_PREFIX.length) as ContentDigest;
  // Overlayfs opens the one and checks the other only where the kernel has fs-verity: they must be the same object.
  const redirect = inode.xattrs.get(REDIRECT);
  if (redirect !== redirectValue(digest))
    throw new ComposefsError(
      "COMPOSEFS_OBJECT_NAME_MISMATCH",
      `file at ${inode.at} has digest ${digest} and leads to "${displayBytes(redirect ?? bytesToString(Buffer.of()))}"`,
    );
  return { kind: "object", digest, sizeBytes: inode.sizeBytes };
}

/** Linux new_decode_dev(). */
function parseDevice(word: number): { major: number; minor: number } {
  return { major: (word >>> 8) & 0xfff, minor: (word & 0xff) | ((word >>> 12) & 0xfff00) };
}
