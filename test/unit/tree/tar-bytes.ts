/** Tar archives made by hand, field by field, so that tests can say what no tool would write. */

export const BLOCK = 512;

export interface TarFields {
  readonly name?: string;
  readonly mode?: string;
  readonly uid?: string;
  readonly gid?: string;
  readonly size?: string;
  readonly mtime?: string;
  readonly type?: string;
  readonly linkName?: string;
  /** Magic and version: 8 bytes. */
  readonly magic?: string;
  readonly major?: string;
  readonly minor?: string;
  readonly prefix?: string;
  /** The last bytes of the block. */
  readonly trailer?: string;
  readonly checksum?: string;
}

const USTAR = "ustar\x0000";
export const GNU = "ustar  \0";

/** One header; all text is bytes (latin1). A directory or file with sensible fields unless told otherwise. */
export function header(fields: TarFields = {}): Buffer {
  const block = Buffer.alloc(BLOCK);
  const put = (text: string, at: number, length: number) => block.write(text.slice(0, length), at, "latin1");
  put(fields.name ?? "file", 0, 100);
  put(fields.mode ?? "0000644\0", 100, 8);
  put(fields.uid ?? "0000000\0", 108, 8);
  put(fields.gid ?? "0000000\0", 116, 8);
  put(fields.size ?? "00000000000\0", 124, 12);
  put(fields.mtime ?? "00000000000\0", 136, 12);
  put(fields.type ?? "0", 156, 1);
  put(fields.linkName ?? "", 157, 100);
  put(fields.magic ?? USTAR, 257, 8);
  put(fields.major ?? "", 329, 8);
  put(fields.minor ?? "", 337, 8);
  put(fields.prefix ?? "", 345, 155);
  if (fields.trailer !== undefined) put(fields.trailer, BLOCK - fields.trailer.length, fields.trailer.length);
  put(fields.checksum ?? checksumOf(block), 148, 8);
  return block;
}

/** The checksum over unsigned bytes, or over signed ones. */
export function checksumOf(block: Buffer, isSigned = false): string {
  const copy = Buffer.from(block);
  copy.fill(0x20, 148, 156);
  const sum = copy.reduce((total, byte) => total + (isSigned && byte > 127 ? byte - 256 : byte), 0);
  return `${sum.toString(8).padStart(6, "0")}\0 `;
}

export function octal(value: number, digits = 11): string {
  return `${value.toString(8).padStart(digits, "0")}\0`;
}

/** A number in base 256, as GNU tar writes what octal digits cannot say. */
export function base256(value: bigint, length: number): string {
  const bytes = Buffer.alloc(length);
  let rest = BigInt.asUintN(length * 8, value);
  for (let index = length - 1; index >= 0; index--) {
    bytes[index] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  bytes[0] = (bytes[0] ?? 0) | 0x80;
  return bytes.toString("latin1");
}

/** A header with its content and padding. */
export function entry(fields: TarFields = {}, content: string | Buffer = ""): Buffer {
  const body = typeof content === "string" ? Buffer.from(content, "latin1") : content;
  const padding = Buffer.alloc((BLOCK - (body.length % BLOCK)) % BLOCK);
  return Buffer.concat([header({ size: octal(body.length), ...fields }), body, padding]);
}

export function paxRecord(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  let length = rest.length + 1;
  while (`${length}${rest}`.length !== length) length++;
  return `${length}${rest}`;
}

export function pax(records: Readonly<Record<string, string>>, type = "x"): Buffer {
  const body = Object.entries(records)
    .map(([key, value]) => paxRecord(key, value))
    .join("");
  return entry({ name: "PaxHeaders/x", type }, body);
}

export function gnuLong(type: "L" | "K", text: string): Buffer {
  return entry({ name: "././@LongLink", type, magic: GNU }, `${text}\0`);
}

export const END = Buffer.alloc(2 * BLOCK);

export function archive(...parts: readonly Buffer[]): Buffer {
  return Buffer.concat([...parts, END]);
}
