/**
 * The nouns of a file tree: what a merged image holds, what a composefs image describes, what a deployment shows.
 *
 * Names, link targets and xattr names are bytes (`ByteString`). Two names of one inode (hard links) are the same
 * `LeafNode` object under two names; nothing else says that they are linked.
 */
import type { ByteString } from "../path.ts";

declare const contentDigest: unique symbol;

/** 64 lower-case hexadecimal digits: the fs-verity digest (sha256, 4096-byte blocks, no salt) of a file's content. */
export type ContentDigest = string & { readonly [contentDigest]: true };

export interface Metadata {
  /** Permission, set-id and sticky bits: 0 to 0o7777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Whole seconds since 1970; may be negative. Canonical trees have no smaller part. */
  readonly mtimeSeconds: number;
  readonly xattrs: ReadonlyMap<ByteString, Uint8Array>;
}

/** File content is either small enough to stand in the metadata, or an object named by its digest. */
export type FileContent =
  | { readonly kind: "inline"; readonly bytes: Uint8Array }
  | { readonly kind: "object"; readonly digest: ContentDigest; readonly sizeBytes: number };

export interface DirectoryNode {
  readonly kind: "directory";
  readonly metadata: Metadata;
  readonly entries: ReadonlyMap<ByteString, TreeNode>;
}

export interface FileNode {
  readonly kind: "file";
  readonly metadata: Metadata;
  readonly content: FileContent;
}

export interface SymlinkNode {
  readonly kind: "symlink";
  readonly metadata: Metadata;
  readonly target: ByteString;
}

export interface DeviceNode {
  readonly kind: "character-device" | "block-device";
  readonly metadata: Metadata;
  readonly major: number;
  readonly minor: number;
}

export interface FifoNode {
  readonly kind: "fifo";
  readonly metadata: Metadata;
}

export type LeafNode = FileNode | SymlinkNode | DeviceNode | FifoNode;
export type TreeNode = DirectoryNode | LeafNode;

/** Content of at most this many bytes stands in the metadata image (composefs: LCFS_RECOMMENDED_INLINE_CONTENT_MAX). */
export const MAX_INLINE_BYTES = 64;
