/**
 * Records of PAX extended headers (POSIX.1-2017 pax, "pax Extended Header"): `<length> <key>=<value>\n`.
 *
 * Values are bytes: tools write names and extended attributes that are not UTF-8, whatever POSIX says.
 */
import { bytesToString } from "../path.ts";
import { TreeError } from "./error.ts";

/** Values by key. A value of no bytes takes the key's meaning away, even a global one (POSIX). */
export type PaxRecords = ReadonlyMap<string, Uint8Array>;

export const NO_PAX_RECORDS: PaxRecords = new Map();

const SPACE = 0x20;
const EQUALS = 0x3d;
const NEWLINE = 0x0a;
const LENGTH_PATTERN = /^[1-9][0-9]{0,9}$/;
const NUMBER_PATTERN = /^[0-9]{1,16}$/;
const TIME_PATTERN = /^(-?)([0-9]{1,16})(?:\.([0-9]*))?$/;

/**
 * Parses the body of an extended header; of two records with one key the later counts.
 *
 * @throws TreeError TREE_EXTENSION_INVALID
 */
export function parsePaxRecords(body: Buffer): PaxRecords {
  const records = new Map<string, Uint8Array>();
  let at = 0;
  while (at < body.length) {
    const space = body.indexOf(SPACE, at);
    const digits = space < 0 ? "" : body.toString("latin1", at, Math.min(space, at + 11));
    const end = at + (LENGTH_PATTERN.test(digits) ? Number(digits) : Number.NaN);
    const equals = body.indexOf(EQUALS, space + 1);
    const isRecord = end <= body.length && equals > space + 1 && equals < end && body[end - 1] === NEWLINE;
    if (!isRecord) throw new TreeError("TREE_EXTENSION_INVALID", `malformed PAX record at byte ${at} of its header`);
    const key = body.toString("latin1", space + 1, equals);
    if (key.includes("\0"))
      throw new TreeError("TREE_EXTENSION_INVALID", `NUL in the key of the PAX record at byte ${at} of its header`);
    records.set(key, body.subarray(equals + 1, end - 1));
    at = end;
  }
  return records;
}

/** @throws TreeError TREE_NUMBER_INVALID unless `value` is decimal digits of at most 2^53 */
export function parsePaxNumber(value: Uint8Array, what: string): number {
  const text = bytesToString(value);
  const number = Number(text);
  if (!NUMBER_PATTERN.test(text) || !Number.isSafeInteger(number)) throw notANumber(what, text);
  return number;
}

/**
 * Seconds since 1970 without their fraction, rounded down as a file system's whole seconds are: -0.5 is -1.
 *
 * @throws TreeError TREE_NUMBER_INVALID
 */
export function parsePaxTime(value: Uint8Array, what: string): number {
  const text = bytesToString(value);
  const [, sign, whole, fraction = ""] = TIME_PATTERN.exec(text) ?? [];
  const seconds = Number(whole);
  if (sign === undefined || !Number.isSafeInteger(seconds)) throw notANumber(what, text);
  if (sign === "") return seconds;
  return /[1-9]/.test(fraction) ? -seconds - 1 : 0 - seconds;
}

function notANumber(what: string, text: string): TreeError {
  return new TreeError(
    "TREE_NUMBER_INVALID",
    `${what} of a PAX header is not a number: ${JSON.stringify(text.slice(0, 40))}`,
  );
}
