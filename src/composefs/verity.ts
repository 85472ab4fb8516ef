/**
 * The fs-verity digest of a file (Linux Documentation/filesystems/fsverity.rst, "Merkle tree", "fs-verity descriptor"):
 * sha256, blocks of 4096 bytes, no salt. It names objects and images (BF-8.1 of `bundle-format/tree.md`).
 */
import { hash } from "node:crypto";
import type { ContentDigest } from "../tree/node.ts";

const BLOCK_BYTES = 4096;
const HASH_BYTES = 32;
const DESCRIPTOR_BYTES = 256;
const LOG_BLOCK_BYTES = 12;
const FS_VERITY_VERSION = 1;
const HASH_ALGORITHM_SHA256 = 1;
const SIZE_AT = 8;
const ROOT_HASH_AT = 16;

/** A block that fills up; what is beyond `length` is left over from before. */
interface Block {
  readonly bytes: Buffer;
  length: number;
}

/**
 * Digests content in chunks of any size; it keeps one block for each level of the tree, five for 8 TiB.
 *
 * Invariants: a block of `#levels` that is full stays until more is put into it, so that the last one is seen as such;
 * every level below the highest is not empty once content has come.
 */
export class VerityHasher {
  readonly #tail: Block = { bytes: Buffer.allocUnsafeSlow(BLOCK_BYTES), length: 0 };
  readonly #levels: Block[] = [];
  #depth = 0;
  #sizeBytes = 0;

  update(chunk: Uint8Array): this {
    const tail = this.#tail;
    let at = 0;
    this.#sizeBytes += chunk.length;
    if (tail.length > 0) {
      at = Math.min(chunk.length, BLOCK_BYTES - tail.length);
      tail.bytes.set(chunk.subarray(0, at), tail.length);
      tail.length += at;
      if (tail.length < BLOCK_BYTES) return this;
      tail.length = 0;
      this.#addHash(0, hash("sha256", tail.bytes, "hex"));
    }
    for (; at + BLOCK_BYTES <= chunk.length; at += BLOCK_BYTES)
      this.#addHash(0, hash("sha256", chunk.subarray(at, at + BLOCK_BYTES), "hex"));
    if (at < chunk.length) {
      tail.bytes.set(chunk.subarray(at));
      tail.length = chunk.length - at;
    }
    return this;
  }

  /** The digest of all that came since the digest before: the hasher is then ready for the next content. */
  digest(): ContentDigest {
    if (this.#tail.length > 0) this.#addHash(0, hashBlock(this.#tail));
    this.#tail.length = 0;
    const descriptor = Buffer.alloc(DESCRIPTOR_BYTES);
    descriptor[0] = FS_VERITY_VERSION;
    descriptor[1] = HASH_ALGORITHM_SHA256;
    descriptor[2] = LOG_BLOCK_BYTES;
    descriptor.writeBigUInt64LE(BigInt(this.#sizeBytes), SIZE_AT);
    descriptor.write(this.#rootHash(), ROOT_HASH_AT, "hex");
    this.#sizeBytes = 0;
    return hash("sha256", descriptor, "hex") as ContentDigest;
  }

  /** The single hash at the top of the tree; of no content it is zeros (an empty string writes none). */
  #rootHash(): string {
    for (let depth = 0; depth < this.#depth; depth++) {
      const level = this.#levels[depth];
      if (level === undefined) break;
      const isTop = depth === this.#depth - 1;
      if (isTop && level.length === HASH_BYTES) {
        level.length = 0;
        this.#depth = 0;
        return level.bytes.toString("hex", 0, HASH_BYTES);
      }
      const blockHash = hashBlock(level);
      level.length = 0;
      this.#addHash(depth + 1, blockHash);
    }
    return "";
  }

  #addHash(depth: number, hex: string): void {
    let level = this.#levels[depth];
    if (level === undefined) {
      level = { bytes: Buffer.allocUnsafeSlow(BLOCK_BYTES), length: 0 };
      this.#levels[depth] = level;
    }
    if (depth === this.#depth) this.#depth++;
    if (level.length === BLOCK_BYTES) {
      level.length = 0;
      this.#addHash(depth + 1, hash("sha256", level.bytes, "hex"));
    }
    level.bytes.write(hex, level.length, "hex");
    level.length += HASH_BYTES;
  }
}

function hashBlock(block: Block): string {
  block.bytes.fill(0, block.length);
  return hash("sha256", block.bytes, "hex");
}

/** The fs-verity digest of `bytes`. */
export function verityOf(bytes: Uint8Array): ContentDigest {
  return new VerityHasher().update(bytes).digest();
}
