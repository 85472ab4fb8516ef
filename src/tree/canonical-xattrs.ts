/**
 * Which extended attributes a canonical tree keeps (BF-7.13 of `bundle-format/tree.md`): what Linux honours on such an
 * inode and what is the image's own, never what a file system, an overlay or a security policy of the building machine
 * has left on it.
 */
import { type ByteString, displayBytes } from "../path.ts";
import { TreeError } from "./error.ts";
import type { TreeNode } from "./node.ts";

const CAPABILITY = "security.capability";
const ACCESS_ACL = "system.posix_acl_access";
const DEFAULT_ACL = "system.posix_acl_default";
const USER_PREFIX = "user.";
/** Overlayfs reads these where it is mounted with `userxattr`. */
const USER_OVERLAY_PREFIX = "user.overlay.";

/** Linux include/uapi/linux/posix_acl_xattr.h: a version word, then entries of 8 bytes. */
const ACL_VERSION = 2;
const ACL_HEADER_BYTES = 4;
const ACL_ENTRY_BYTES = 8;

/**
 * The attributes that stay, as the same map when all do.
 *
 * @param describe says for a message which node it is
 * @throws TreeError TREE_XATTR_INVALID for an access control list that the kernel could not read: dropping it would
 *   change who may open the file
 */
export function canonicalXattrs(
  kind: TreeNode["kind"],
  xattrs: ReadonlyMap<ByteString, Uint8Array>,
  describe: () => string,
): ReadonlyMap<ByteString, Uint8Array> {
  const kept = [...xattrs].filter(([name]) => isKept(kind, name));
  for (const [name, value] of kept)
    if ((name === ACCESS_ACL || name === DEFAULT_ACL) && !isAcl(value))
      throw new TreeError(
        "TREE_XATTR_INVALID",
        `${displayBytes(name)} of ${describe()} is no access control list: ${value.length} bytes`,
      );
  return kept.length === xattrs.size ? xattrs : new Map(kept);
}

function isKept(kind: TreeNode["kind"], name: ByteString): boolean {
  switch (name as string) {
    case CAPABILITY:
      return kind === "file";
    case ACCESS_ACL:
      return kind !== "symlink";
    case DEFAULT_ACL:
      return kind === "directory";
    default:
      return (
        (kind === "file" || kind === "directory") &&
        name.startsWith(USER_PREFIX) &&
        name.length > USER_PREFIX.length &&
        !name.startsWith(USER_OVERLAY_PREFIX)
      );
  }
}

function isAcl(value: Uint8Array): boolean {
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
  return (
    value.length >= ACL_HEADER_BYTES &&
    view.getUint32(0, true) === ACL_VERSION &&
    (value.length - ACL_HEADER_BYTES) % ACL_ENTRY_BYTES === 0
  );
}
