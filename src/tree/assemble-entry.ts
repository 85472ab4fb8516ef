/**
 * Puts together what a tar header and the extended headers before it say of one entry (BF-7.1, BF-7.3 of
 * `bundle-format/tree.md`).
 *
 * Where readers of tar are known to differ the archive is refused: two tools must not see two trees in one layer.
 */
import { type ByteString, bytesToString, displayBytes } from "../path.ts";
import { TreeError } from "./error.ts";
import {
  MAX_DEVICE_MAJOR,
  MAX_DEVICE_MINOR,
  MAX_FILE_BYTES,
  MAX_OWNER_ID,
  MAX_PATH_BYTES,
  MAX_SYMLINK_BYTES,
  MAX_XATTR_NAME_BYTES,
  MAX_XATTRS_BYTES,
} from "./limits.ts";
import type { Metadata } from "./node.ts";
import { NO_PAX_RECORDS, type PaxRecords, parsePaxNumber, parsePaxTime } from "./pax-records.ts";
import type { TarEntry } from "./tar-entry.ts";
import type { TarHeader } from "./tar-header.ts";
import { displayTreePath, parseTreePath, type TreePath } from "./tree-path.ts";

/** What extended headers said before the entry that they belong to. */
export interface TarExtensions {
  /** Of `g` headers (`uid`, `gid`, `mtime`): for all entries that follow, unless their own records say otherwise. */
  readonly globals: PaxRecords;
  readonly records: PaxRecords;
  /** Of GNU's `L` and `K` headers. */
  readonly longName: ByteString | undefined;
  readonly longLink: ByteString | undefined;
}

const XATTR_PREFIX = "SCHILY.xattr.";
const SPARSE_PREFIX = "GNU.sparse.";
const NO_XATTRS: ReadonlyMap<ByteString, Uint8Array> = new Map();

/** @throws TreeError for everything that BF-7.1 to BF-7.5 refuse in an entry */
export function assembleEntry(header: TarHeader, extensions: TarExtensions): TarEntry {
  const name = nameOf("path", header.name, extensions.longName, extensions.records);
  const path = parseTreePath(name);
  refuseSparse(header, extensions, path);
  const kind = kindOf(header, name, path);
  const sizeBytes = sizeOf(header, extensions.records, path);
  if (kind !== "file" && sizeBytes !== 0)
    throw new TreeError("TREE_SIZE_INVALID", `${kind} ${displayTreePath(path)} claims ${sizeBytes} bytes of content`);
  const metadata = metadataOf(header, extensions, path);
  switch (kind) {
    case "file":
      return { kind, path, metadata, sizeBytes };
    case "directory":
    case "fifo":
      return { kind, path, metadata };
    case "symlink":
      return { kind, path, metadata, linkTarget: linkTargetOf(header, extensions, path) };
    case "hardlink":
      return { kind, path, metadata, hardlinkTarget: parseTreePath(linkNameOf(header, extensions)) };
    case "character-device":
    case "block-device":
      return { kind, path, metadata, ...deviceNumbersOf(header, path) };
  }
}

function kindOf(header: TarHeader, name: ByteString, path: TreePath): TarEntry["kind"] {
  const kind = kindOfType(header.type, name, path);
  // GNU tar takes "file/" for a directory, Go for a file.
  if (kind !== "directory" && name.endsWith("/"))
    throw new TreeError("TREE_NAME_INVALID", `name of a ${kind} ends with a slash: ${displayTreePath(path)}`);
  return kind;
}

function kindOfType(type: string, name: ByteString, path: TreePath): TarEntry["kind"] {
  switch (type) {
    case "\0":
      return name.endsWith("/") ? "directory" : "file"; // V7 had no type for directories
    case "0":
    case "7": // contiguous: a file for every system of today (POSIX)
      return "file";
    case "1":
      return "hardlink";
    case "2":
      return "symlink";
    case "3":
      return "character-device";
    case "4":
      return "block-device";
    case "5":
      return "directory";
    case "6":
      return "fifo";
    default:
      throw new TreeError(
        "TREE_ENTRY_TYPE_UNSUPPORTED",
        `entry type ${JSON.stringify(type)} of ${displayTreePath(path)} is not a file type of OCI layers`,
      );
  }
}

function refuseSparse(header: TarHeader, extensions: TarExtensions, path: TreePath): void {
  if (header.type === "S" || extensions.records.keys().some(isSparseKey))
    throw new TreeError("TREE_SPARSE_UNSUPPORTED", `sparse file ${displayTreePath(path)} in a layer`);
}

/** Whether the record says that a file is sparse. */
export function isSparseKey(key: string): boolean {
  return key.startsWith(SPARSE_PREFIX);
}

/** The long form of a name, where there is one; GNU's and PAX's at once is a riddle and refused. */
function nameOf(
  key: "path" | "linkpath",
  short: ByteString,
  gnu: ByteString | undefined,
  records: PaxRecords,
): ByteString {
  const pax = records.get(key);
  if (pax === undefined || pax.length === 0) return gnu ?? short;
  if (gnu !== undefined)
    throw new TreeError(
      "TREE_EXTENSION_INVALID",
      `entry "${displayBytes(gnu.slice(0, MAX_PATH_BYTES) as ByteString)}" has a GNU long name and a PAX ${key}`,
    );
  return bytesToString(pax);
}

function linkNameOf(header: TarHeader, extensions: TarExtensions): ByteString {
  return nameOf("linkpath", header.linkName, extensions.longLink, extensions.records);
}

function linkTargetOf(header: TarHeader, extensions: TarExtensions, path: TreePath): ByteString {
  const target = linkNameOf(header, extensions);
  if (target === "" || target.length > MAX_SYMLINK_BYTES || target.includes("\0"))
    throw new TreeError(
      "TREE_SYMLINK_INVALID",
      `target of symbolic link ${displayTreePath(path)} has ${target.length} bytes or holds NUL; 1 to ${MAX_SYMLINK_BYTES} allowed`,
    );
  return target;
}

/** The size of the entry's content in the archive. @throws TreeError TREE_SIZE_INVALID, TREE_NUMBER_INVALID */
function sizeOf(header: TarHeader, records: PaxRecords, path: TreePath): number {
  const pax = records.get("size");
  const sizeBytes = pax === undefined || pax.length === 0 ? header.sizeBytes : parsePaxNumber(pax, "size");
  if (sizeBytes < 0 || sizeBytes > MAX_FILE_BYTES)
    throw new TreeError(
      "TREE_SIZE_INVALID",
      `size ${sizeBytes} of ${displayTreePath(path)} is not in 0…${MAX_FILE_BYTES}`,
    );
  return sizeBytes;
}

function metadataOf(header: TarHeader, extensions: TarExtensions, path: TreePath): Metadata {
  const lookup = (key: string): Uint8Array | undefined => {
    const value = extensions.records.get(key) ?? extensions.globals.get(key);
    return value === undefined || value.length === 0 ? undefined : value;
  };
  const uid = lookup("uid");
  const gid = lookup("gid");
  const mtime = lookup("mtime");
  return {
    mode: header.mode & 0o7777, // some writers put the file type above these bits
    uid: ownerOf(uid === undefined ? header.uid : parsePaxNumber(uid, "uid"), path),
    gid: ownerOf(gid === undefined ? header.gid : parsePaxNumber(gid, "gid"), path),
    mtimeSeconds: mtime === undefined ? header.mtimeSeconds : parsePaxTime(mtime, "mtime"),
    xattrs: xattrsOf(extensions.records, path),
  };
}

function ownerOf(id: number, path: TreePath): number {
  if (id < 0 || id > MAX_OWNER_ID)
    throw new TreeError("TREE_NUMBER_INVALID", `owner ${id} of ${displayTreePath(path)} is not in 0…${MAX_OWNER_ID}`);
  return id;
}

function xattrsOf(records: PaxRecords, path: TreePath): ReadonlyMap<ByteString, Uint8Array> {
  if (records === NO_PAX_RECORDS) return NO_XATTRS;
  const xattrs = new Map<ByteString, Uint8Array>();
  let totalBytes = 0;
  for (const [key, value] of records) {
    if (!key.startsWith(XATTR_PREFIX)) continue;
    const name = key.slice(XATTR_PREFIX.length) as ByteString;
    if (name === "" || name.length > MAX_XATTR_NAME_BYTES)
      throw new TreeError(
        "TREE_XATTR_INVALID",
        `extended attribute name of ${name.length} bytes on ${displayTreePath(path)}, 1 to ${MAX_XATTR_NAME_BYTES} allowed`,
      );
    totalBytes += name.length + value.length;
    if (totalBytes > MAX_XATTRS_BYTES)
      throw new TreeError(
        "TREE_XATTR_TOO_LARGE",
        `extended attributes of ${displayTreePath(path)} take more than the ${MAX_XATTRS_BYTES} bytes allowed`,
      );
    if (value.length > 0) xattrs.set(name, Uint8Array.from(value)); // a copy: `value` is a view of the whole extended header
  }
  return xattrs.size === 0 ? NO_XATTRS : xattrs;
}

function deviceNumbersOf(header: TarHeader, path: TreePath): { major: number; minor: number } {
  const { major, minor } = header;
  if (major < 0 || major > MAX_DEVICE_MAJOR || minor < 0 || minor > MAX_DEVICE_MINOR)
    throw new TreeError(
      "TREE_NUMBER_INVALID",
      `device ${major}:${minor} of ${displayTreePath(path)} is beyond ${MAX_DEVICE_MAJOR}:${MAX_DEVICE_MINOR}`,
    );
  return { major, minor };
}
