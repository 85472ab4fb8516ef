/**
 * A tar that carries nothing but metadata: empty files and directories with their extended attributes, for a tar program to set them
 * (POSIX.1-2017 pax; `SCHILY.xattr.NAME` as GNU tar, star and libarchive write it).
 */
import { stringToBytes } from "../../path.ts";
import { formatTreePath, type TreePath } from "../../tree/tree-path.ts";
import type { PlainMetadata } from "./plain-tree.ts";

export interface XattrEntry {
  readonly kind: "file" | "directory";
  readonly path: TreePath;
  readonly metadata: PlainMetadata;
}

const BLOCK_BYTES = 512;
const CHECKSUM_AT = 148;
const CHECKSUM_BYTES = 8;
const SPACE = 0x20;

/** Parents have to come before what they hold. */
export function formatXattrArchive(entries: readonly XattrEntry[]): Buffer {
  return Buffer.concat([...entries.flatMap(formatEntry), Buffer.alloc(2 * BLOCK_BYTES)]);
}

function formatEntry({ kind, path, metadata }: XattrEntry): readonly Buffer[] {
  const { uid, gid, mtimeSeconds, mode, xattrs } = metadata;
  const records = Buffer.concat([
    formatRecord("path", stringToBytes(formatTreePath(path))),
    ...Object.entries({ uid, gid, mtime: mtimeSeconds }).map(([key, value]) =>
      formatRecord(key, Buffer.from(`${value}`)),
    ),
    ...[...xattrs].map(([name, value]) => formatRecord(`SCHILY.xattr.${name}`, value)),
  ]);
  const padding = Buffer.alloc((BLOCK_BYTES - (records.length % BLOCK_BYTES)) % BLOCK_BYTES);
  return [
    formatHeader("x", 0o644, records.length),
    records,
    padding,
    formatHeader(kind === "file" ? "0" : "5", mode, 0),
  ];
}

/** `<length> <key>=<value>\n`, where the length counts its own digits. */
function formatRecord(key: string, value: Uint8Array): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`, "latin1"), value, Buffer.from("\n")]);
  let length = rest.length;
  while (length !== rest.length + String(length).length) length = rest.length + String(length).length;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

function formatHeader(type: "x" | "0" | "5", mode: number, sizeBytes: number): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES);
  const octal = (value: number, digits: number) => value.toString(8).padStart(digits, "0");
  block.write("xattrs", 0); // the pax record `path` is what counts
  block.write(octal(mode, 7), 100);
  block.write(octal(0, 7), 108);
  block.write(octal(0, 7), 116);
  block.write(octal(sizeBytes, 11), 124);
  block.write(octal(0, 11), 136);
  block.fill(SPACE, CHECKSUM_AT, CHECKSUM_AT + CHECKSUM_BYTES);
  block.write(type, 156);
  block.write("ustar\x0000", 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${octal(sum, 6)}\0 `, CHECKSUM_AT);
  return block;
}
