import { constants, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decompress } from "../../../src/oci/decompress.ts";
import { cutAtFrames } from "../../../src/oci/zstd-frames.ts";

async function* inPieces(bytes: Buffer, pieceBytes: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield Buffer.from(bytes.subarray(at, at + pieceBytes));
}

async function lengthsOf(chunks: AsyncIterable<Buffer>): Promise<number[]> {
  const lengths: number[] = [];
  for await (const chunk of chunks) lengths.push(chunk.length);
  return lengths;
}

const skippable = (content: Buffer) => {
  const head = Buffer.alloc(8);
  head.writeUInt32LE(0x184d2a5e);
  head.writeUInt32LE(content.length, 4);
  return Buffer.concat([head, content]);
};

/** A frame with one of the header forms that encoders choose. */
const frame = fc
  .record({
    content: fc.oneof(
      fc.uint8Array({ maxLength: 600 }),
      fc
        .record({ fill: fc.nat(255), size: fc.integer({ min: 1, max: 400_000 }) })
        .map((it) => Buffer.alloc(it.size, it.fill)),
    ),
    checksum: fc.boolean(),
    contentSize: fc.boolean(),
  })
  .map(({ content, checksum, contentSize }) => {
    const params = {
      [constants.ZSTD_c_checksumFlag]: checksum ? 1 : 0,
      [constants.ZSTD_c_contentSizeFlag]: contentSize ? 1 : 0,
    };
    return { content: Buffer.from(content), bytes: zstdCompressSync(content, { params }) };
  });
const skipped = fc
  .uint8Array({ maxLength: 50 })
  .map((it) => ({ content: Buffer.alloc(0), bytes: skippable(Buffer.from(it)) }));

describe("a zstd stream of several frames", () => {
  it("is cut where its frames end, and nowhere else", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(frame, skipped), { minLength: 1, maxLength: 5 }), async (frames) => {
        const whole = Buffer.concat(frames.map(({ bytes }) => bytes));
        expect(await lengthsOf(cutAtFrames(inPieces(whole, whole.length)))).toEqual(
          frames.map(({ bytes }) => bytes.length),
        );
      }),
      { numRuns: 60 },
    );
  });

  it("inflates to the contents of all frames, however its bytes arrive", async () => {
    const pieces = fc.integer({ min: 1, max: 300 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(frame, skipped), { minLength: 1, maxLength: 5 }),
        pieces,
        async (frames, pieceBytes) => {
          const whole = Buffer.concat(frames.map(({ bytes }) => bytes));
          const parts: Buffer[] = [];
          for await (const chunk of decompress(inPieces(whole, pieceBytes), "zstd", 1 << 30)) parts.push(chunk);
          expect(Buffer.concat(parts).equals(Buffer.concat(frames.map(({ content }) => content)))).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("is refused when its last frame is cut anywhere", async () => {
    const whole = Buffer.concat([zstdCompressSync(Buffer.from("one ")), zstdCompressSync(Buffer.from("two"))]);
    const first = zstdCompressSync(Buffer.from("one ")).length;
    for (let length = first + 1; length < whole.length; length++) {
      const inflate = async () => {
        for await (const _ of decompress(inPieces(whole.subarray(0, length), 7), "zstd", 100));
      };
      await expect(inflate(), `${length} bytes`).rejects.toMatchObject({ code: "OCI_LAYER_CORRUPT" });
    }
  });

  it("is refused when something else follows a frame", async () => {
    const whole = Buffer.concat([zstdCompressSync(Buffer.from("one ")), Buffer.from("plain text, not compressed")]);
    const inflate = async () => {
      for await (const _ of decompress(inPieces(whole, 1000), "zstd", 100));
    };
    await expect(inflate()).rejects.toMatchObject({ code: "OCI_LAYER_CORRUPT" });
  });

  it("loses no byte of what is no zstd at all", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 200 }),
        fc.integer({ min: 1, max: 50 }),
        async (bytes, pieceBytes) => {
          const parts: Buffer[] = [];
          for await (const chunk of cutAtFrames(inPieces(Buffer.from(bytes), pieceBytes))) parts.push(chunk);
          expect(Buffer.concat(parts)).toEqual(Buffer.from(bytes));
        },
      ),
    );
  });
});
