/**
 * The extended attributes of an inode as an image holds them: those of the tree, and overlayfs's, which lead from a file
 * to its object (Linux Documentation/filesystems/overlayfs.rst, "Metadata only copy up"; BF-8.7 of
 * `bundle-format/tree.md`).
 */
import { type ByteString, bytesToString, utf8ToByteString } from "../path.ts";
import type { ContentDigest, TreeNode } from "../tree/node.ts";
import { XATTR_ENTRY_BYTES, XATTR_FILTER_SEED } from "./erofs-format.ts";
import { xxh32 } from "./xxh32.ts";

export const METACOPY = utf8ToByteString("trusted.overlay.metacopy");
export const REDIRECT = utf8ToByteString("trusted.overlay.redirect");
export const OPAQUE = utf8ToByteString("trusted.overlay.opaque");
const OPAQUE_VALUE = utf8ToByteString("y");

/** Version 0, 36 bytes in all, no flags, sha256: what precedes the digest in `trusted.overlay.metacopy`. */
export const METACOPY_PREFIX = bytesToString(Uint8Array.of(0, 36, 0, 1));

export interface ImageXattr {
  readonly name: ByteString;
  readonly value: ByteString;
}

/** All attributes of the inode in the order of an image: that of the bytes of their names. */
export function imageXattrs(node: TreeNode, isRoot: boolean): ImageXattr[] {
  const xattrs: ImageXattr[] = [];
  if (node.metadata.xattrs.size > 0)
    for (const [name, value] of node.metadata.xattrs) xattrs.push({ name, value: bytesToString(value) });
  if (node.kind === "file" && node.content.kind === "object") {
    xattrs.push(...objectXattrs(node.content.digest));
  }
  if (isRoot) xattrs.push({ name: OPAQUE, value: OPAQUE_VALUE });
  return node.metadata.xattrs.size > 0 ? xattrs.sort((a, b) => (a.name < b.name ? -1 : 1)) : xattrs;
}

/** What leads overlayfs from a file to the object that holds its content. */
export function objectXattrs(digest: ContentDigest): readonly ImageXattr[] {
  return [
    { name: METACOPY, value: (METACOPY_PREFIX + Buffer.from(digest, "hex").toString("latin1")) as ByteString },
    { name: REDIRECT, value: redirectValue(digest) },
  ];
}

export function redirectValue(digest: ContentDigest): ByteString {
  return `/${digest.slice(0, 2)}/${digest.slice(2)}` as ByteString; // objectPath() without its checks: once a file
}

/** Prefixes that are stored as one number, in the order in which a writer tries them. */
export const XATTR_PREFIXES: readonly (readonly [prefix: string, index: number])[] = [
  ["user.", 1],
  ["system.posix_acl_access", 2],
  ["system.posix_acl_default", 3],
  ["trusted.", 4],
  ["security.", 6],
];

/** A name as an image holds it. */
export interface XattrName {
  readonly index: number;
  readonly suffix: ByteString;
  /** The bit of an inode's name filter that is cleared by the name. */
  readonly filterBit: number;
}

export function encodeXattrName(name: ByteString): XattrName {
  const [prefix, index] = XATTR_PREFIXES.find(([text]) => name.startsWith(text)) ?? ["", 0];
  const suffix = name.slice(prefix.length) as ByteString;
  const filterBit = 1 << (xxh32(Buffer.from(suffix, "latin1"), (XATTR_FILTER_SEED + index) >>> 0) & 31);
  return { index, suffix, filterBit };
}

/** Bytes of an entry before the padding to a multiple of 4. */
export function xattrEntryBytes(name: XattrName, xattr: ImageXattr): number {
  return XATTR_ENTRY_BYTES + name.suffix.length + xattr.value.length;
}
