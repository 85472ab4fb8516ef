/** Reads a directory of this machine as a plain tree. Names are bytes; links are never followed. */
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  type Stats,
} from "node:fs";
import { VerityHasher } from "../../composefs/verity.ts";
import { errnoOf } from "../../error.ts";
import { hostError } from "../../host/error.ts";
import { type AbsPath, type ByteString, bytesToString, stringToBytes } from "../../path.ts";
import { NO_XATTRS } from "./merge-xattrs.ts";
import type { PlainDirectory, PlainMetadata, PlainNode } from "./plain-tree.ts";

const READ_BYTES = 1 << 16; // files of /etc are small
const PERMISSIONS = 0o7777;

/**
 * The tree below `directory`, with every file digested; an empty one where the directory is not there.
 * @throws HostError HOST_PERMISSION, HOST_IO
 */
export function readPlainTree(directory: AbsPath): PlainDirectory {
  const path = Buffer.from(directory);
  try {
    return readDirectory(path, lstatSync(path));
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return { kind: "directory", metadata: EMPTY_METADATA, entries: new Map() };
    throw hostError(error, `reading ${directory}`);
  }
}

const EMPTY_METADATA: PlainMetadata = { mode: 0o755, uid: 0, gid: 0, mtimeSeconds: 0, xattrs: NO_XATTRS };

/** The path of `name` in a directory, as bytes. */
export function joinBytes(directory: Buffer, name: ByteString): Buffer {
  return Buffer.concat([directory, Buffer.from("/"), stringToBytes(name)]);
}

function readDirectory(path: Buffer, stat: Stats): PlainDirectory {
  const entries = new Map<ByteString, PlainNode>();
  for (const bytes of readdirSync(path, { encoding: "buffer" }).sort(Buffer.compare)) {
    const name = bytesToString(bytes);
    const node = readUnlessGone(joinBytes(path, name));
    if (node !== undefined) entries.set(name, node);
  }
  return { kind: "directory", metadata: metadataOf(stat), entries };
}

/**
 * Other programs write to the tree while it is read: what they remove or exchange in this moment is looked at once more,
 * and is not there when it is not there then.
 */
function readUnlessGone(path: Buffer): PlainNode | undefined {
  for (let isSecondLook = false; ; isSecondLook = true) {
    try {
      return readNode(path);
    } catch (error) {
      if (!isRace(error)) throw error;
      if (isSecondLook) return undefined;
    }
  }
}

/** What a system call answers when a name became something else, or nothing, after it was listed. */
export function isRace(error: unknown): boolean {
  return error instanceof NoLongerRegular || RACE_ERRNOS.includes(errnoOf(error) ?? "");
}

/** ENXIO: a socket, or a FIFO that nobody reads; EINVAL: readlink of what is no link any more. */
const RACE_ERRNOS = ["ENOENT", "ENOTDIR", "EISDIR", "ELOOP", "ENXIO", "EINVAL"];

class NoLongerRegular extends Error {}

function readNode(path: Buffer): PlainNode {
  const stat = lstatSync(path);
  const metadata = metadataOf(stat);
  if (stat.isDirectory()) return readDirectory(path, stat);
  if (stat.isFile()) {
    return { kind: "file", metadata, fingerprint: `file ${digestFile(path)}`, content: { from: "disk", path } };
  }
  if (stat.isSymbolicLink()) {
    const target = bytesToString(readlinkSync(path, { encoding: "buffer" }));
    return { kind: "symlink", metadata, fingerprint: `symlink ${target}`, target };
  }
  return { kind: "special", metadata, fingerprint: `special ${stat.mode} ${stat.rdev}` };
}

function metadataOf(stat: Stats): PlainMetadata {
  const { mode, uid, gid, mtimeMs } = stat;
  return { mode: mode & PERMISSIONS, uid, gid, mtimeSeconds: Math.floor(mtimeMs / 1000), xattrs: NO_XATTRS };
}

function digestFile(path: Buffer): string {
  const hasher = new VerityHasher();
  for (const chunk of readRegularFile(path)) hasher.update(chunk);
  return hasher.digest();
}

/**
 * The bytes of a regular file, in pieces that are valid until the next one is asked for. What has become a link or a FIFO
 * since it was listed is refused: another process of the machine must not make us read what it may not read.
 * @throws HostError HOST_IO; the errno of open(2)
 */
export function* readRegularFile(path: Buffer): Generator<Buffer> {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    if (!fstatSync(fd).isFile()) throw new NoLongerRegular(`no longer a regular file: ${path}`);
    const chunk = Buffer.alloc(READ_BYTES);
    for (let length = readSync(fd, chunk); length > 0; length = readSync(fd, chunk)) yield chunk.subarray(0, length);
  } finally {
    closeSync(fd);
  }
}
