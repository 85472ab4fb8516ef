/**
 * Numbers of a tar header: octal digits (POSIX.1-2017 pax, "ustar Interchange Format") or, when the first bit is set,
 * a two's complement binary number (GNU tar manual, "Extensions", base-256), which may be negative.
 */
import { TreeError } from "./error.ts";

const SPACE = 0x20;
const ZERO = 0x30;
const SEVEN = 0x37;

/**
 * Reads the number in `block[start, start + length)`; an empty field is 0.
 *
 * @throws TreeError TREE_NUMBER_INVALID when it is no number or beyond 2^53
 */
export function readTarNumber(block: Uint8Array, start: number, length: number, what: string): number {
  const end = start + length;
  if (((block[start] ?? 0) & 0x80) !== 0) return readBinary(block, start, end, what);
  let at = start;
  // Old writers pad with leading spaces, and end the field with a space or a NUL.
  while (at < end && (block[at] === SPACE || block[at] === 0)) at++;
  let value = 0;
  for (; at < end; at++) {
    const byte = block[at] ?? 0;
    if (byte < ZERO || byte > SEVEN) break;
    value = value * 8 + (byte - ZERO); // at most 12 digits: 2^36
  }
  for (; at < end; at++) {
    const byte = block[at];
    if (byte === 0) break; // what follows a NUL is not part of the field
    if (byte !== SPACE) throw invalid(block, start, end, what);
  }
  return value;
}

function readBinary(block: Uint8Array, start: number, end: number, what: string): number {
  const isNegative = ((block[start] ?? 0) & 0x40) !== 0;
  const flip = isNegative ? 0xff : 0;
  let value = ((block[start] ?? 0) ^ flip) & 0x7f;
  for (let at = start + 1; at < end; at++) {
    value = value * 256 + ((block[at] ?? 0) ^ flip);
    if (value > Number.MAX_SAFE_INTEGER) throw invalid(block, start, end, what);
  }
  const result = isNegative ? -value - 1 : value;
  if (!Number.isSafeInteger(result)) throw invalid(block, start, end, what);
  return result;
}

function invalid(block: Uint8Array, start: number, end: number, what: string): TreeError {
  const field = Buffer.from(block.subarray(start, end)).toString("latin1");
  return new TreeError("TREE_NUMBER_INVALID", `${what} of a tar header is not a number: ${JSON.stringify(field)}`);
}
