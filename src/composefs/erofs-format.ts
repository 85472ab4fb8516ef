/**
 * Numbers of the on-disk format: EROFS as Linux fs/erofs/erofs_fs.h describes it, with the header that composefs puts
 * before the superblock (BF-8.4 to BF-8.8 of `bundle-format/tree.md`). All numbers on disk are little-endian.
 *
 *     0 header, 1024 superblock, 1152 inodes … shared xattrs … pad to 4096, data blocks
 */

export const BLOCK_BYTES = 4096;
export const LOG_BLOCK_BYTES = 12;
/** Inodes begin at multiples of this; a nid counts slots from the start of the image. */
export const SLOT_BYTES = 32;

export const HEADER_MAGIC = 0xd078629a;
export const HEADER_VERSION = 1;
export const COMPOSEFS_VERSION = 1;
/** Tells mount helpers that the image needs the `acl` mount option. */
export const HEADER_FLAG_HAS_ACL = 1;

export const SUPERBLOCK_AT = 1024;
const SUPERBLOCK_BYTES = 128;
export const SUPERBLOCK_MAGIC = 0xe0f5e1e2;
/** EROFS_FEATURE_COMPAT_MTIME | EROFS_FEATURE_COMPAT_XATTR_FILTER */
export const FEATURE_COMPAT = 2 | 4;
export const INODES_AT = SUPERBLOCK_AT + SUPERBLOCK_BYTES;

export const COMPACT_INODE_BYTES = 32;
export const EXTENDED_INODE_BYTES = 64;

/** Data layouts, in bits 1 to 3 of i_format; bit 0 says that the inode is an extended one. */
export const LAYOUT_PLAIN = 0;
export const LAYOUT_INLINE = 2;
export const LAYOUT_CHUNKS = 4;
/** In the address of a chunk: there is no data, the chunk is a hole. */
export const NULL_CHUNK = 0xffff_ffff;
export const CHUNK_ADDRESS_BYTES = 4;

export const DIRENT_BYTES = 12;
export const XATTR_HEADER_BYTES = 12;
export const XATTR_ENTRY_BYTES = 4;
export const XATTR_ID_BYTES = 4;
/** h_shared_count has one bit in reserve: no inode refers to more shared attributes. */
export const MAX_SHARED_XATTRS = 128;
export const XATTR_FILTER_SEED = 0x25bbe08f;

/** The file type in st_mode and in directory entries. */
export const FILE_TYPES = {
  file: { mode: 0o100000, dirent: 1 },
  directory: { mode: 0o040000, dirent: 2 },
  "character-device": { mode: 0o020000, dirent: 3 },
  "block-device": { mode: 0o060000, dirent: 4 },
  fifo: { mode: 0o010000, dirent: 5 },
  symlink: { mode: 0o120000, dirent: 7 },
} as const;

/** `bytes` rounded up to the next multiple of `unit`. */
export function roundUp(bytes: number, unit: number): number {
  return Math.ceil(bytes / unit) * unit;
}
