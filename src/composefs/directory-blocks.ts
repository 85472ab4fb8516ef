/** How the entries of a directory are laid into blocks (Linux Documentation/filesystems/erofs.rst, "Directories"; BF-8.8). */
import type { ByteString } from "../path.ts";
import type { DirectoryNode } from "../tree/node.ts";
import { BLOCK_BYTES, DIRENT_BYTES } from "./erofs-format.ts";

/** A last block of at most this many bytes stands behind its inode. */
const MAX_INLINE_TAIL_BYTES = BLOCK_BYTES / 2;

export interface DirectoryBlocks {
  /** Blocks of their own, at least that of all names but those of the tail. */
  readonly blocks: readonly (readonly ByteString[])[];
  readonly tail: readonly ByteString[];
  readonly tailBytes: number;
}

const SELF = "." as ByteString;
const PARENT = ".." as ByteString;

/** The names of the directory in the order of their bytes, without `.` and `..`. */
export function sortedNames(directory: DirectoryNode): ByteString[] {
  const names = [...directory.entries.keys()];
  for (let index = 1; index < names.length; index++)
    if ((names[index - 1] ?? "") > (names[index] ?? "")) return names.sort(); // a character is a byte
  return names;
}

/** @param names sorted; `.` and `..` are put among them: `+` and `-` come before `.` */
export function planDirectory(names: readonly ByteString[]): DirectoryBlocks {
  const blocks: ByteString[][] = [];
  let block: ByteString[] = [];
  let bytes = 0;
  for (const name of withDots(names)) {
    const length = DIRENT_BYTES + name.length;
    if (bytes + length > BLOCK_BYTES) {
      blocks.push(block);
      block = [];
      bytes = 0;
    }
    block.push(name);
    bytes += length;
  }
  if (bytes <= MAX_INLINE_TAIL_BYTES) return { blocks, tail: block, tailBytes: bytes };
  blocks.push(block);
  return { blocks, tail: [], tailBytes: 0 };
}

function withDots(names: readonly ByteString[]): ByteString[] {
  const all = [...names];
  let at = names.findIndex((name) => name > SELF);
  if (at < 0) at = names.length;
  all.splice(at, 0, SELF);
  let next = at + 1;
  while (next < all.length && (all[next] ?? "") < PARENT) next++;
  all.splice(next, 0, PARENT);
  return all;
}
