/**
 * What a tree must keep to so that an image can describe it, and Linux can show it (BF-8.9 of `bundle-format/tree.md`).
 * Canonical trees do; a tree that was read from a hostile image might not.
 */
import { type ByteString, displayBytes } from "../path.ts";
import {
  MAX_DEVICE_MAJOR,
  MAX_DEVICE_MINOR,
  MAX_FILE_BYTES,
  MAX_NAME_BYTES,
  MAX_OWNER_ID,
  MAX_SYMLINK_BYTES,
  MAX_XATTR_NAME_BYTES,
  MAX_XATTRS_BYTES,
} from "../tree/limits.ts";
import { type FileContent, MAX_INLINE_BYTES, type Metadata, type TreeNode } from "../tree/node.ts";
import { ComposefsError } from "./error.ts";
import { isWhiteout } from "./image-root.ts";

/** Overlayfs's own attributes: in a tree they would change what it shows. */
const OVERLAY_PREFIXES = ["trusted.overlay.", "user.overlay."];

/** @throws ComposefsError COMPOSEFS_TREE_UNSUPPORTED */
export function checkName(name: ByteString): void {
  if (name === "" || name === "." || name === ".." || name.length > MAX_NAME_BYTES || /[/\0]/.test(name))
    throw unsupported(name, "is no name of a file");
}

/**
 * @param name for the message
 * @throws ComposefsError COMPOSEFS_TREE_UNSUPPORTED
 */
export function checkNode(name: ByteString, node: TreeNode): void {
  checkMetadata(name, node.metadata);
  switch (node.kind) {
    case "file":
      checkContent(name, node.content);
      return;
    case "symlink":
      if (!isBetween(node.target.length, 1, MAX_SYMLINK_BYTES) || node.target.includes("\0"))
        throw unsupported(
          name,
          `is a link with a target of ${node.target.length} bytes, 1 to ${MAX_SYMLINK_BYTES} allowed`,
        );
      return;
    case "character-device":
    case "block-device":
      if (
        !isBetween(node.major, 0, MAX_DEVICE_MAJOR) ||
        !isBetween(node.minor, 0, MAX_DEVICE_MINOR) ||
        isWhiteout(node)
      )
        throw unsupported(name, `is device ${node.major}:${node.minor}`);
      return;
    case "directory":
    case "fifo":
      return;
  }
}

function checkContent(name: ByteString, content: FileContent): void {
  switch (content.kind) {
    case "inline":
      if (content.bytes.length > MAX_INLINE_BYTES)
        throw unsupported(name, `has ${content.bytes.length} inline bytes, at most ${MAX_INLINE_BYTES} allowed`);
      return;
    case "object":
      if (!isBetween(content.sizeBytes, MAX_INLINE_BYTES + 1, MAX_FILE_BYTES))
        throw unsupported(
          name,
          `is an object of ${content.sizeBytes} bytes, ${MAX_INLINE_BYTES + 1} to ${MAX_FILE_BYTES} allowed`,
        );
      return;
  }
}

function checkMetadata(name: ByteString, { mode, uid, gid, mtimeSeconds, xattrs }: Metadata): void {
  if (!isBetween(mode, 0, 0o7777)) throw unsupported(name, `has mode ${mode}`);
  if (!isBetween(uid, 0, MAX_OWNER_ID) || !isBetween(gid, 0, MAX_OWNER_ID))
    throw unsupported(name, `has owner ${uid}:${gid}`);
  if (!Number.isSafeInteger(mtimeSeconds)) throw unsupported(name, `has mtime ${mtimeSeconds}`);
  let bytes = 0;
  for (const [key, value] of xattrs) {
    bytes += key.length + value.length;
    const isReserved = OVERLAY_PREFIXES.some((prefix) => key.startsWith(prefix));
    if (!isBetween(key.length, 1, MAX_XATTR_NAME_BYTES) || key.includes("\0") || isReserved)
      throw unsupported(name, `has the extended attribute "${displayBytes(key)}"`);
  }
  if (bytes > MAX_XATTRS_BYTES)
    throw unsupported(name, `has ${bytes} bytes of extended attributes, at most ${MAX_XATTRS_BYTES} allowed`);
}

function isBetween(value: number, least: number, most: number): boolean {
  return Number.isSafeInteger(value) && value >= least && value <= most;
}

function unsupported(name: ByteString, why: string): ComposefsError {
  return new ComposefsError("COMPOSEFS_TREE_UNSUPPORTED", `"${displayBytes(name)}" ${why}`);
}
