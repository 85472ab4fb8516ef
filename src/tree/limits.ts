/**
 * Bounds on what a layer may ask of us: BF-7.5 of `bundle-format/tree.md`.
 *
 * Each is far above what images of operating systems hold and far below what would hurt the machine that merges them.
 */

/** Linux NAME_MAX; also what EROFS and overlayfs take. */
export const MAX_NAME_BYTES = 255;
/** Linux PATH_MAX less its NUL. */
export const MAX_PATH_BYTES = 4095;
/** Deepest path; bounds every recursion over a tree. The deepest of a Debian desktop is 20. */
export const MAX_PATH_DEPTH = 256;
/** Linux PATH_MAX less its NUL: no kernel makes or reads a longer target. */
export const MAX_SYMLINK_BYTES = 4095;
/** 8 TiB: what one chunk of a composefs image describes, and 500 times the largest OCI layer of practice. */
export const MAX_FILE_BYTES = 2 ** 43;
/** uid_t and gid_t are 32 bits and -1 means "unchanged". */
export const MAX_OWNER_ID = 0xffff_fffe;
/** Linux dev_t: 12 bits of major number, 20 bits of minor number. */
export const MAX_DEVICE_MAJOR = 0xfff;
export const MAX_DEVICE_MINOR = 0xf_ffff;
/** Linux XATTR_NAME_MAX. */
export const MAX_XATTR_NAME_BYTES = 255;
/** Names and values of all extended attributes of one inode; ext4 holds 4 KiB, a listing by the kernel 64 KiB. */
export const MAX_XATTRS_BYTES = 32_768;

/** Bounds that depend on the machine; tests make them small. */
export interface TreeLimits {
  /** Entries of all layers together, and directories that they imply; a Debian desktop has 300,000. */
  readonly maxEntries: number;
  /** Names, link targets, extended attributes and what holds them, of all layers together: the memory of a merge. */
  readonly maxMetadataBytes: number;
  /** One PAX header or one GNU long name; Go's archive/tar allows the same. */
  readonly maxExtensionBytes: number;
}

export const DEFAULT_TREE_LIMITS: TreeLimits = {
  maxEntries: 4_000_000,
  maxMetadataBytes: 1 << 29,
  maxExtensionBytes: 1 << 20,
};
