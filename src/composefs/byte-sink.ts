/** Writes little-endian numbers and bytes one after the other, and hands them on in large chunks. */

const WINDOW_BYTES = 1 << 18; // far more than the largest piece, a block; small beside an image

/** Invariant: `position` bytes have been written, the last `#held` of them are still in `#window`. */
export class ByteSink {
  readonly #write: (chunk: Buffer) => void;
  readonly #window = Buffer.alloc(WINDOW_BYTES);
  #held = 0;
  #flushed = 0;

  /** @param write gets consecutive chunks, each valid only during the call */
  constructor(write: (chunk: Buffer) => void) {
    this.#write = write;
  }

  get position(): number {
    return this.#flushed + this.#held;
  }

  u8(value: number): void {
    this.#window[this.#reserve(1)] = value;
  }

  u16(value: number): void {
    this.#window.writeUInt16LE(value, this.#reserve(2));
  }

  u32(value: number): void {
    this.#window.writeUInt32LE(value, this.#reserve(4));
  }

  /** A safe integer as 64 bits, two's complement. */
  u64(value: number): void {
    const at = this.#reserve(8);
    const high = Math.floor(value / 2 ** 32);
    this.#window.writeUInt32LE(value - high * 2 ** 32, at);
    this.#window.writeInt32LE(high, at + 4);
  }

  /** A ByteString of at most a block. */
  text(text: string): void {
    this.#window.write(text, this.#reserve(text.length), "latin1");
  }

  bytes(bytes: Uint8Array): void {
    this.#window.set(bytes, this.#reserve(bytes.length));
  }

  /** Writes zeros up to `position`. */
  padTo(position: number): void {
    for (let left = position - this.position; left > 0; ) {
      const length = Math.min(left, WINDOW_BYTES / 2);
      const at = this.#reserve(length);
      this.#window.fill(0, at, at + length);
      left -= length;
    }
  }

  flush(): void {
    if (this.#held > 0) this.#write(this.#window.subarray(0, this.#held));
    this.#flushed += this.#held;
    this.#held = 0;
  }

  #reserve(length: number): number {
    if (this.#held + length > WINDOW_BYTES) this.flush();
    const at = this.#held;
    this.#held += length;
    return at;
  }
}
