/**
 * A byte-exact tar parser that is pushed to: POSIX ustar and pax, GNU, star and V7 archives (BF-7.1 of
 * `bundle-format/tree.md`; POSIX.1-2017 pax; GNU tar manual, appendix D).
 *
 * It is synchronous and never copies content: handlers see views of the chunks that they were found in. It holds at
 * most one header block and one extended header, whatever the archive says.
 */
import { type ByteString, bytesToString } from "../path.ts";
import { assembleEntry, isSparseKey } from "./assemble-entry.ts";
import { TreeError } from "./error.ts";
import { DEFAULT_TREE_LIMITS, type TreeLimits } from "./limits.ts";
import { NO_PAX_RECORDS, type PaxRecords, parsePaxRecords } from "./pax-records.ts";
import type { TarContent, TarHandler } from "./tar-entry.ts";
import { BLOCK_BYTES, readTarHeader, type TarHeader } from "./tar-header.ts";

/** Keys that would give every following entry the same name, size or attributes when they stand in a global header. */
const PER_ENTRY_KEY = /^(?:path|linkpath|size|SCHILY\.xattr\..*)$/s;
/** What is kept of global headers: an archive may hold any number of them, with any number of keys. */
const GLOBAL_KEYS = ["uid", "gid", "mtime"];
/** Header types whose content describes the entry that follows. */
const EXTENSION_TYPES = "xgLK";

type State = "header" | "extension" | "content" | "padding" | "ended";

/**
 * Invariants: in "header" `#held` bytes of the next block are in `#block`; in "extension" and "content" `#left` bytes
 * of the entry are still to come (at least 1) and `#padding` bytes follow them; in "padding" `#padding` is at least 1.
 */
export class TarParser {
  readonly #handler: TarHandler;
  readonly #limits: TreeLimits;
  readonly #block = Buffer.alloc(BLOCK_BYTES);
  #held = 0;
  #state: State = "header";
  #left = 0;
  #padding = 0;
  #content: TarContent | undefined;
  #extensionType = "";
  #extensionBody = Buffer.alloc(0);
  #sawZeroBlock = false;
  #entries = 0;
  #globals: PaxRecords = NO_PAX_RECORDS;
  #records: PaxRecords | undefined;
  #longName: ByteString | undefined;
  #longLink: ByteString | undefined;

  constructor(handler: TarHandler, limits: Partial<TreeLimits> = {}) {
    this.#handler = handler;
    this.#limits = { ...DEFAULT_TREE_LIMITS, ...limits };
  }

  /**
   * Parses the next bytes of the archive, in chunks of any size.
   *
   * @throws TreeError for what BF-7.1 to BF-7.5 refuse, and whatever the handler throws; the parser is then done for
   */
  write(chunk: Uint8Array): void {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    let at = 0;
    while (at < bytes.length) {
      switch (this.#state) {
        case "header":
          at = this.#takeHeader(bytes, at);
          break;
        case "content":
          at = this.#takeContent(bytes, at);
          break;
        case "extension":
          at = this.#takeExtension(bytes, at);
          break;
        case "padding":
          at = this.#takePadding(bytes, at);
          break;
        case "ended":
          return; // like GNU tar and Go: what follows the end is not part of the archive
      }
    }
  }

  /**
   * Says that the archive is complete. Like GNU tar and Go it takes an archive without its end blocks and without the
   * padding of its last entry, but never one that stops inside a header or inside content.
   *
   * @throws TreeError TREE_ARCHIVE_TRUNCATED
   */
  end(): void {
    const isInside = this.#held > 0 || this.#state === "content" || this.#state === "extension";
    const hasDangling = this.#records !== undefined || this.#longName !== undefined || this.#longLink !== undefined;
    if (!isInside && !hasDangling) return;
    const where = isInside ? `${this.#left} bytes before the end of an entry` : "after an extended header";
    throw new TreeError("TREE_ARCHIVE_TRUNCATED", `tar archive stops ${where}, after ${this.#entries} entries`);
  }

  #takeHeader(bytes: Buffer, at: number): number {
    if (this.#held === 0 && bytes.length - at >= BLOCK_BYTES) {
      this.#handleBlock(bytes, at);
      return at + BLOCK_BYTES;
    }
    const taken = bytes.copy(this.#block, this.#held, at);
    this.#held += taken;
    if (this.#held === BLOCK_BYTES) {
      this.#held = 0;
      this.#handleBlock(this.#block, 0);
    }
    return at + taken;
  }

  #handleBlock(bytes: Buffer, at: number): void {
    const header = readTarHeader(bytes, at);
    if (header === undefined) {
      if (this.#sawZeroBlock) this.#state = "ended";
      this.#sawZeroBlock = true;
      return;
    }
    if (this.#sawZeroBlock)
      throw new TreeError("TREE_ARCHIVE_INVALID", "tar archive goes on after one block of zeros; two end it");
    if (EXTENSION_TYPES.includes(header.type)) this.#beginExtension(header);
    else this.#beginEntry(header);
  }

  #beginEntry(header: TarHeader): void {
    this.#entries++;
    if (this.#entries > this.#limits.maxEntries)
      throw new TreeError("TREE_TOO_LARGE", `layer of more than ${this.#limits.maxEntries} entries`);
    const entry = assembleEntry(header, {
      globals: this.#globals,
      records: this.#records ?? NO_PAX_RECORDS,
      longName: this.#longName,
      longLink: this.#longLink,
    });
    this.#records = undefined;
    this.#longName = undefined;
    this.#longLink = undefined;
    const content = this.#handler.entry(entry);
    if (entry.kind !== "file") return;
    this.#content = content;
    if (entry.sizeBytes === 0) this.#endContent();
    else this.#begin("content", entry.sizeBytes);
  }

  #beginExtension(header: TarHeader): void {
    const { type, sizeBytes } = header;
    if (sizeBytes < 0) throw new TreeError("TREE_SIZE_INVALID", `size ${sizeBytes} of an extended header "${type}"`);
    if (sizeBytes > this.#limits.maxExtensionBytes)
      throw new TreeError(
        "TREE_EXTENSION_TOO_LARGE",
        `extended header "${type}" of ${sizeBytes} bytes, at most ${this.#limits.maxExtensionBytes} allowed`,
      );
    this.#extensionType = type;
    this.#extensionBody = Buffer.alloc(sizeBytes);
    if (sizeBytes === 0) this.#endExtension();
    else this.#begin("extension", sizeBytes);
  }

  #begin(state: "content" | "extension", sizeBytes: number): void {
    this.#state = state;
    this.#left = sizeBytes;
    this.#padding = (BLOCK_BYTES - (sizeBytes % BLOCK_BYTES)) % BLOCK_BYTES;
  }

  #takeContent(bytes: Buffer, at: number): number {
    const end = Math.min(bytes.length, at + this.#left);
    this.#left -= end - at;
    this.#content?.write(at === 0 && end === bytes.length ? bytes : bytes.subarray(at, end));
    if (this.#left === 0) this.#endContent();
    return end;
  }

  #endContent(): void {
    const content = this.#content;
    this.#content = undefined;
    this.#state = this.#padding > 0 ? "padding" : "header";
    content?.end();
  }

  #takeExtension(bytes: Buffer, at: number): number {
    const body = this.#extensionBody;
    const taken = bytes.copy(body, body.length - this.#left, at);
    this.#left -= taken;
    if (this.#left === 0) this.#endExtension();
    return at + taken;
  }

  #endExtension(): void {
    const type = this.#extensionType;
    const body = this.#extensionBody;
    this.#state = this.#padding > 0 ? "padding" : "header";
    switch (type) {
      case "g":
        this.#globals = new Map([...this.#globals, ...parseGlobals(body)]);
        return;
      case "x":
        if (this.#records !== undefined) throw repeated(type);
        this.#records = parsePaxRecords(body);
        return;
      case "L":
        if (this.#longName !== undefined) throw repeated(type);
        this.#longName = untilNul(body);
        return;
      case "K":
        if (this.#longLink !== undefined) throw repeated(type);
        this.#longLink = untilNul(body);
        return;
    }
  }

  #takePadding(bytes: Buffer, at: number): number {
    const taken = Math.min(bytes.length - at, this.#padding);
    this.#padding -= taken;
    if (this.#padding === 0) this.#state = "header";
    return at + taken;
  }
}

function parseGlobals(body: Buffer): PaxRecords {
  const kept = new Map<string, Uint8Array>();
  for (const [key, value] of parsePaxRecords(body)) {
    if (PER_ENTRY_KEY.test(key))
      throw new TreeError(
        "TREE_EXTENSION_INVALID",
        `global PAX header gives all entries one ${JSON.stringify(key.slice(0, 40))}`,
      );
    if (isSparseKey(key)) throw new TreeError("TREE_SPARSE_UNSUPPORTED", "global PAX header of sparse files");
    if (GLOBAL_KEYS.includes(key)) kept.set(key, value);
  }
  return kept;
}

function repeated(type: string): TreeError {
  return new TreeError("TREE_EXTENSION_INVALID", `two extended headers "${type}" before one entry`);
}

function untilNul(body: Buffer): ByteString {
  const end = body.indexOf(0);
  return bytesToString(body, 0, end < 0 ? body.length : end);
}
