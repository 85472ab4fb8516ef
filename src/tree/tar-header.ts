/**
 * One 512-byte tar header: POSIX ustar, star, GNU and V7 (POSIX.1-2017 pax; GNU tar manual, "Basic Tar Format").
 *
 * Fields are read when asked for: an extended header has fields that mean nothing.
 */
import { type ByteString, bytesToString } from "../path.ts";
import { TreeError } from "./error.ts";
import { readTarNumber } from "./tar-number.ts";

export const BLOCK_BYTES = 512;

const NAME = { start: 0, length: 100 };
const MODE = { start: 100, length: 8 };
const UID = { start: 108, length: 8 };
const GID = { start: 116, length: 8 };
const SIZE = { start: 124, length: 12 };
const MTIME = { start: 136, length: 12 };
const CHECKSUM = { start: 148, length: 8 };
const TYPE_AT = 156;
const LINK_NAME = { start: 157, length: 100 };
const MAGIC = { start: 257, length: 6 };
const MAJOR = { start: 329, length: 8 };
const MINOR = { start: 337, length: 8 };
const PREFIX = { start: 345, length: 155 };
const STAR_PREFIX_LENGTH = 131; // star keeps atime and ctime in the rest of the field
const STAR_TRAILER = { start: 508, length: 4 };

interface Field {
  readonly start: number;
  readonly length: number;
}

/** A view of one header block; valid as long as the bytes under it. */
export class TarHeader {
  readonly #bytes: Buffer;
  readonly #at: number;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  /** The type flag as a character; `\0` is a file of the V7 format. */
  get type(): string {
    return String.fromCharCode(this.#bytes[this.#at + TYPE_AT] ?? 0);
  }

  /** The name with its prefix, as far as it fits into the header. */
  get name(): ByteString {
    const name = this.#text(NAME);
    const prefix = this.#prefix();
    return prefix === "" ? name : (`${prefix}/${name}` as ByteString);
  }

  get linkName(): ByteString {
    return this.#text(LINK_NAME);
  }

  get mode(): number {
    return this.#number(MODE, "mode");
  }

  get uid(): number {
    return this.#number(UID, "uid");
  }

  get gid(): number {
    return this.#number(GID, "gid");
  }

  get sizeBytes(): number {
    return this.#number(SIZE, "size");
  }

  get mtimeSeconds(): number {
    return this.#number(MTIME, "mtime");
  }

  /** V7 headers have no device numbers: there the field holds whatever the writer left. */
  get major(): number {
    return this.#hasMagic() ? this.#number(MAJOR, "device major number") : 0;
  }

  get minor(): number {
    return this.#hasMagic() ? this.#number(MINOR, "device minor number") : 0;
  }

  #hasMagic(): boolean {
    return this.#slice(MAGIC).startsWith("ustar");
  }

  #prefix(): ByteString | "" {
    // Only `ustar\0` says that the field is a prefix; in GNU headers (`ustar  `) it holds times and sparse maps.
    if (this.#bytes[this.#at + PREFIX.start] === 0) return "";
    if (this.#slice(MAGIC) !== "ustar\0") return "";
    const isStar = this.#slice(STAR_TRAILER) === "tar\0";
    return this.#text(isStar ? { start: PREFIX.start, length: STAR_PREFIX_LENGTH } : PREFIX);
  }

  #number(field: Field, what: string): number {
    return readTarNumber(this.#bytes, this.#at + field.start, field.length, what);
  }

  #slice({ start, length }: Field): string {
    return this.#bytes.toString("latin1", this.#at + start, this.#at + start + length);
  }

  #text(field: Field): ByteString {
    const start = this.#at + field.start;
    const limit = start + field.length;
    let end = start;
    while (end < limit && this.#bytes[end] !== 0) end++;
    return bytesToString(this.#bytes, start, end);
  }
}

/**
 * Reads the header at `bytes[at]`, or undefined for a block of zeros, which ends archives.
 *
 * @throws TreeError TREE_CHECKSUM_MISMATCH
 */
export function readTarHeader(bytes: Buffer, at: number): TarHeader | undefined {
  // The sum is over unsigned bytes with the checksum's own field as spaces; some old writers summed signed ones.
  let unsigned = 0;
  let high = 0;
  for (let index = at; index < at + BLOCK_BYTES; index++) {
    const byte = bytes[index] ?? 0;
    unsigned += byte;
    high += byte >> 7;
  }
  if (unsigned === 0) return undefined;
  const checksumAt = at + CHECKSUM.start;
  for (let index = checksumAt; index < checksumAt + CHECKSUM.length; index++) {
    const byte = bytes[index] ?? 0;
    unsigned += 0x20 - byte;
    high -= byte >> 7;
  }
  const recorded = readTarNumber(bytes, checksumAt, CHECKSUM.length, "checksum");
  if (recorded !== unsigned && recorded !== unsigned - 256 * high)
    throw new TreeError(
      "TREE_CHECKSUM_MISMATCH",
      `tar header checksum mismatch: expected ${unsigned}, header says ${recorded}`,
    );
  return new TarHeader(bytes, at);
}
