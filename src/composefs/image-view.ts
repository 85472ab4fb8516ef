/**
 * Bounded reading of a hostile image: no read leaves it, and all reads together are no more than its size.
 *
 * A true image stores everything once. One that makes a reader read a part of it twice (a thousand directories that
 * share their blocks) is refused before it costs more time than its size allows.
 */
import { type ByteString, bytesToString } from "../path.ts";
import { ComposefsError } from "./error.ts";

export class ImageView {
  readonly bytes: Buffer;
  #budget: number;

  constructor(image: Uint8Array) {
    this.bytes = Buffer.from(image.buffer, image.byteOffset, image.byteLength);
    this.#budget = image.byteLength;
  }

  /**
   * Takes `[at, at + length)` for reading, once.
   *
   * @throws ComposefsError COMPOSEFS_IMAGE_CORRUPT
   */
  take(at: number, length: number, what: string): void {
    if (!Number.isSafeInteger(at) || at < 0 || length < 0 || at + length > this.bytes.length)
      throw corrupt(`${what}: ${length} bytes at ${at} are not inside the image of ${this.bytes.length} bytes`);
    this.#budget -= length;
    if (this.#budget < 0) throw corrupt(`${what}: the bytes at ${at} belong to something else already`);
  }

  text(at: number, length: number): ByteString {
    return bytesToString(this.bytes, at, at + length);
  }

  /** @throws ComposefsError COMPOSEFS_IMAGE_CORRUPT beyond 2^53 */
  u64(at: number): number {
    const value = this.bytes.readUInt32LE(at + 4) * 2 ** 32 + this.bytes.readUInt32LE(at);
    if (!Number.isSafeInteger(value)) throw corrupt(`number at ${at} is beyond 2^53`);
    return value;
  }

  /** @throws ComposefsError COMPOSEFS_IMAGE_CORRUPT beyond ±2^53 */
  i64(at: number): number {
    const value = this.bytes.readInt32LE(at + 4) * 2 ** 32 + this.bytes.readUInt32LE(at);
    if (!Number.isSafeInteger(value)) throw corrupt(`number at ${at} is beyond 2^53`);
    return value;
  }
}

export function corrupt(message: string, options?: ErrorOptions): ComposefsError {
  return new ComposefsError("COMPOSEFS_IMAGE_CORRUPT", message, options);
}
