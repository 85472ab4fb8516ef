/** Reads the extended attributes of inodes (Linux fs/erofs/erofs_fs.h; BF-8.7). */
import type { ByteString } from "../path.ts";
import { roundUp, XATTR_ENTRY_BYTES, XATTR_HEADER_BYTES, XATTR_ID_BYTES } from "./erofs-format.ts";
import { corrupt, type ImageView } from "./image-view.ts";
import { XATTR_PREFIXES } from "./image-xattrs.ts";

export type XattrValues = Map<ByteString, ByteString>;

interface SharedXattr {
  readonly name: ByteString;
  readonly value: ByteString;
  readonly end: number;
}

/** A reader of attributes that takes each shared one from the image once. */
export function xattrReader(view: ImageView, sharedXattrsAt: number): (at: number, length: number) => XattrValues {
  const shared = new Map<number, SharedXattr>();

  const readShared = (id: number): SharedXattr => {
    let xattr = shared.get(id);
    if (xattr === undefined) {
      const at = sharedXattrsAt + id * XATTR_ID_BYTES;
      view.take(at, XATTR_ENTRY_BYTES, "shared extended attribute");
      const length = entryBytes(view, at);
      view.take(at + XATTR_ENTRY_BYTES, length - XATTR_ENTRY_BYTES, "shared extended attribute");
      xattr = readEntry(view, at);
      shared.set(id, xattr);
    }
    return xattr;
  };

  /** The attributes in `[at, at + length)`, which is behind an inode and taken already. */
  return (at, length) => {
    const values: XattrValues = new Map();
    const add = ({ name, value }: SharedXattr) => {
      if (values.has(name)) throw corrupt(`inode before ${at} has an extended attribute twice`);
      values.set(name, value);
    };
    const end = at + length;
    const sharedCount = view.bytes.readUInt8(at + 4);
    let entryAt = at + XATTR_HEADER_BYTES + sharedCount * XATTR_ID_BYTES;
    if (entryAt > end) throw corrupt(`shared extended attributes at ${at} take more than ${length} bytes`);
    for (let idAt = at + XATTR_HEADER_BYTES; idAt < entryAt; idAt += XATTR_ID_BYTES)
      add(readShared(view.bytes.readUInt32LE(idAt)));
    while (entryAt < end) {
      if (end - entryAt < XATTR_ENTRY_BYTES || entryAt + entryBytes(view, entryAt) > end)
        throw corrupt(`extended attribute at ${entryAt} goes beyond its inode`);
      const xattr = readEntry(view, entryAt);
      add(xattr);
      entryAt = xattr.end;
    }
    return values;
  };
}

function entryBytes(view: ImageView, at: number): number {
  return XATTR_ENTRY_BYTES + view.bytes.readUInt8(at) + view.bytes.readUInt16LE(at + 2);
}

function readEntry(view: ImageView, at: number): SharedXattr {
  const suffixBytes = view.bytes.readUInt8(at);
  const index = view.bytes.readUInt8(at + 1);
  const prefix = index === 0 ? "" : XATTR_PREFIXES.find(([, known]) => known === index)?.[0];
  if (prefix === undefined) throw corrupt(`extended attribute at ${at} has the unknown prefix ${index}`);
  const suffixAt = at + XATTR_ENTRY_BYTES;
  const end = at + entryBytes(view, at);
  return {
    name: (prefix + view.text(suffixAt, suffixBytes)) as ByteString,
    value: view.text(suffixAt + suffixBytes, end - suffixAt - suffixBytes),
    end: roundUp(end, 4),
  };
}
