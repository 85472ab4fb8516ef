import { gzipSync, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decompress } from "../../../src/oci/decompress.ts";
import { OciError } from "../../../src/oci/error.ts";
import type { Compression } from "../../../src/oci/media-type.ts";

const compress: Readonly<Record<Compression, (bytes: Uint8Array) => Buffer>> = {
  none: (bytes) => Buffer.from(bytes),
  gzip: (bytes) => gzipSync(bytes),
  zstd: (bytes) => zstdCompressSync(bytes),
};
const COMPRESSIONS = ["none", "gzip", "zstd"] as const;
const COMPRESSED = ["gzip", "zstd"] as const;
const PLENTY = 1 << 30;

async function* inPieces(bytes: Buffer, pieceBytes: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield Buffer.from(bytes.subarray(at, at + pieceBytes));
}

async function inflate(chunks: AsyncIterable<Buffer>, compression: Compression, maxBytes = PLENTY): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const chunk of decompress(chunks, compression, maxBytes)) parts.push(chunk);
  return Buffer.concat(parts);
}

const patterned = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * index) & 0xff));

describe("decompressing a layer", () => {
  it("gives back what was compressed, however the bytes arrive", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...COMPRESSIONS),
        fc.uint8Array({ maxLength: 5000 }),
        fc.integer({ min: 1, max: 700 }),
        async (compression, bytes, pieceBytes) => {
          const pieces = inPieces(compress[compression](bytes), pieceBytes);
          expect(await inflate(pieces, compression)).toEqual(Buffer.from(bytes));
        },
      ),
      { numRuns: 60 },
    );
  });

  it.each(COMPRESSIONS)("gives back large content: %s", async (compression) => {
    const bytes = Buffer.concat(Array.from({ length: 20 }, () => patterned));
    expect((await inflate(inPieces(compress[compression](bytes), 1 << 16), compression)).equals(bytes)).toBe(true);
  });

  it.each(COMPRESSED)("reads several members one after the other, as the formats allow: %s", async (compression) => {
    const two = Buffer.concat([compress[compression](Buffer.from("one ")), compress[compression](Buffer.from("two"))]);
    expect((await inflate(inPieces(two, 5), compression)).toString()).toBe("one two");
  });

  it.each(COMPRESSED)("ends a bomb at the budget: %s", async (compression) => {
    const bomb = compress[compression](Buffer.alloc(64 << 20));
    expect(bomb.length).toBeLessThan(1 << 20);
    await expect(inflate(inPieces(bomb, 1 << 16), compression, 1 << 20)).rejects.toMatchObject({
      code: "OCI_LAYER_TOO_LARGE",
    });
  });

  it.each(COMPRESSIONS)("takes exactly the budget: %s", async (compression) => {
    const content = compress[compression](patterned);
    await expect(inflate(inPieces(content, 1000), compression, patterned.length)).resolves.toHaveLength(
      patterned.length,
    );
    await expect(inflate(inPieces(content, 1000), compression, patterned.length - 1)).rejects.toMatchObject({
      code: "OCI_LAYER_TOO_LARGE",
    });
  });

  it.each(COMPRESSED)("refuses a stream that is cut, damaged or none: %s", async (compression) => {
    const whole = compress[compression](patterned);
    const damaged = Buffer.from(whole);
    damaged.fill(0xff, 4, 12);
    for (const bytes of [
      whole.subarray(0, -9),
      whole.subarray(0, 100),
      damaged,
      Buffer.from("plain text, not compressed"),
    ]) {
      await expect(inflate(inPieces(bytes, 100), compression)).rejects.toMatchObject({ code: "OCI_LAYER_CORRUPT" });
    }
  });

  it.each(COMPRESSIONS)("passes on what its source throws: %s", async (compression) => {
    async function* failing() {
      yield compress[compression](patterned).subarray(0, 500);
      throw new OciError("OCI_BLOB_UNREADABLE", "EIO");
    }
    await expect(inflate(failing(), compression)).rejects.toMatchObject({ code: "OCI_BLOB_UNREADABLE" });
  });

  it.each(COMPRESSED)(
    "lets the digest speak first: a damaged stream whose source fails at its end: %s",
    async (compression) => {
      async function* lying() {
        yield Buffer.from("plain text, not compressed");
        throw new OciError("OCI_BLOB_DIGEST_MISMATCH", "at the end");
      }
      await expect(inflate(lying(), compression)).rejects.toMatchObject({ code: "OCI_BLOB_DIGEST_MISMATCH" });
    },
  );

  it.each(COMPRESSED)("reads its source to the end, past what follows the stream: %s", async (compression) => {
    let isAtEnd = false;
    async function* source() {
      yield compress[compression](Buffer.from("content"));
      yield Buffer.alloc(512);
      isAtEnd = true;
    }
    await inflate(source(), compression).catch((error) => expect(error).toMatchObject({ code: "OCI_LAYER_CORRUPT" }));
    expect(isAtEnd).toBe(true);
  });

  it.each(COMPRESSIONS)("closes its source when its consumer stops: %s", async (compression) => {
    let isClosed = false;
    async function* source() {
      try {
        for (let round = 0; round < 100; round++) yield compress[compression](patterned);
      } finally {
        isClosed = true;
      }
    }
    for await (const chunk of decompress(source(), compression, PLENTY)) {
      expect(chunk.length).toBeGreaterThan(0);
      break;
    }
    expect(isClosed).toBe(true);
  });
});
