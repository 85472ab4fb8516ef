/** Reads the entries of directories (Linux Documentation/filesystems/erofs.rst, "Directories"; BF-8.8). */
import type { ByteString } from "../path.ts";
import { DIRENT_BYTES, SLOT_BYTES } from "./erofs-format.ts";
import { corrupt, type ImageView } from "./image-view.ts";
import { type RawInode, readData } from "./read-inode.ts";

/** What the names of the directory lead to, without `.` and `..`: positions of inodes. */
export function readDirectory(view: ImageView, inode: RawInode): ReadonlyMap<ByteString, number> {
  const children = new Map<ByteString, number>();
  for (const { at, length } of readData(view, inode)) {
    for (const [name, childAt] of readBlock(view, at, length)) {
      if (name === "." || name === "..") continue;
      if (children.has(name)) throw corrupt(`directory at ${inode.at} has a name twice`);
      children.set(name, childAt);
    }
  }
  return children;
}

function* readBlock(view: ImageView, at: number, length: number): Generator<readonly [ByteString, number]> {
  const { bytes } = view;
  // The first name stands behind the last entry: its offset tells how many entries there are.
  const namesAt = length >= DIRENT_BYTES ? bytes.readUInt16LE(at + 8) : 0;
  if (namesAt === 0 || namesAt % DIRENT_BYTES !== 0 || namesAt > length)
    throw corrupt(`directory block at ${at} has its names at ${namesAt}`);
  for (let direntAt = 0; direntAt < namesAt; direntAt += DIRENT_BYTES) {
    const nameAt = bytes.readUInt16LE(at + direntAt + 8);
    const isLast = direntAt + DIRENT_BYTES === namesAt;
    const nameEnd = isLast ? lastNameEnd(bytes, at + nameAt, at + length) - at : bytes.readUInt16LE(at + direntAt + 20);
    if (nameAt < namesAt || nameEnd <= nameAt || nameEnd > length)
      throw corrupt(`directory block at ${at} has a name from ${nameAt} to ${nameEnd}`);
    yield [view.text(at + nameAt, nameEnd - nameAt), view.u64(at + direntAt) * SLOT_BYTES];
  }
}

/** The last name of a block ends with it, or with the zeros that fill it up. */
function lastNameEnd(bytes: Buffer, start: number, end: number): number {
  const zero = bytes.subarray(Math.min(start, end), end).indexOf(0);
  return zero < 0 ? end : start + zero;
}
