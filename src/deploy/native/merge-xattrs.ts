/**
 * Extended attributes of one file or directory through a merge of /etc, each by itself: what the device set or changed is
 * carried onto what becomes of the file, everything else is as in the new image. Pure.
 *
 * An attribute that the device took away comes back, since one that could never be set on disk looks just the same. What
 * says something of the content, such as file capabilities, goes only where that content goes.
 */
import { type ByteString, utf8ToByteString } from "../../path.ts";
import type { PlainNode } from "./plain-tree.ts";

export type Xattrs = ReadonlyMap<ByteString, Uint8Array>;

export const NO_XATTRS: Xattrs = new Map();

const OF_CONTENT: readonly string[] = ["security.capability", "security.ima"];
/** Of the inode itself, and only the kernel writes it. */
const NEVER: readonly string[] = ["security.evm"];
const PREFIXES = ["user.", "security."];
const OVERLAY_PREFIX = "user.overlay.";
const ACCESS_ACL = utf8ToByteString("system.posix_acl_access");
const DEFAULT_ACL = utf8ToByteString("system.posix_acl_default");

/** What goes along to the next system. `trusted.*` is left to whoever keeps notes there, such as overlayfs. */
export function isCarried(name: ByteString): boolean {
  if (name === ACCESS_ACL || name === DEFAULT_ACL) return true;
  return (
    PREFIXES.some((prefix) => name.startsWith(prefix)) && !name.startsWith(OVERLAY_PREFIX) && !NEVER.includes(name)
  );
}

export interface NodeVersions {
  readonly old: PlainNode | undefined;
  readonly local: PlainNode | undefined;
  readonly fresh: PlainNode | undefined;
}

/** The attributes of `merged`, which was made of the three. */
export function mergeXattrs({ old, local, fresh }: NodeVersions, merged: PlainNode): Xattrs {
  const xattrs = new Map<ByteString, Uint8Array>();
  if (fresh?.kind === merged.kind) {
    for (const [name, value] of fresh.metadata.xattrs) if (goesWith(name, fresh, merged)) xattrs.set(name, value);
  }
  if (local?.kind !== merged.kind) return xattrs;
  const before = old?.kind === local.kind && fresh?.kind === local.kind ? old.metadata.xattrs : NO_XATTRS;
  for (const [name, value] of local.metadata.xattrs) {
    if (isSameXattr(name, before.get(name), value) || !goesWith(name, local, merged)) continue;
    xattrs.set(name, value);
  }
  return xattrs;
}

function goesWith(name: ByteString, from: PlainNode, to: PlainNode): boolean {
  return isCarried(name) && (!OF_CONTENT.includes(name) || fingerprintOf(from) === fingerprintOf(to));
}

function fingerprintOf(node: PlainNode): string {
  return node.kind === "directory" ? "directory" : node.fingerprint;
}

/** Linux include/uapi/linux/posix_acl.h. */
const ACL_TAGS_OF_MODE = [0x01, 0x10, 0x20]; // the owner, the mask and the others: chmod(2) changes these in step
const ACL_HEADER_BYTES = 4;
const ACL_ENTRY_BYTES = 8;
/** One that says no more than a mode; the kernel keeps none. */
const ACL_OF_MODE_BYTES = ACL_HEADER_BYTES + 3 * ACL_ENTRY_BYTES;

/** Whether two values mean the same on files of the same mode. */
export function isSameXattr(name: ByteString, a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  const isAccess = name === ACCESS_ACL;
  const [left, right] = [a, b].map((value) => (isAccess && value?.length === ACL_OF_MODE_BYTES ? undefined : value));
  if (left === undefined || right === undefined) return left === right;
  const bytes = (value: Uint8Array) => (isAccess ? withoutMode(value) : Buffer.from(value));
  return bytes(left).equals(bytes(right));
}

function withoutMode(acl: Uint8Array): Buffer {
  const bytes = Buffer.from(acl);
  for (let at = ACL_HEADER_BYTES; at + ACL_ENTRY_BYTES <= bytes.length; at += ACL_ENTRY_BYTES) {
    if (ACL_TAGS_OF_MODE.includes(bytes.readUInt16LE(at))) bytes.writeUInt16LE(0, at + 2);
  }
  return bytes;
}
