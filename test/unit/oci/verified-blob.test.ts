import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { digestOf } from "../../../src/oci/digest.ts";
import { readVerifiedBlob, readVerifiedChunks, verifyBlob } from "../../../src/oci/verified-blob.ts";
import { type Lie, lyingLayout, memoryLayout } from "../../support/lying-layout.ts";

const content = Buffer.from(Array.from({ length: 10_000 }, (_, index) => (index * 7) & 0xff));
const pinned = { digest: digestOf(content), size: content.length };
const honest = memoryLayout([content]);

async function collect(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return Buffer.concat(parts);
}

const lies: readonly (readonly [Lie, string])[] = [
  [{ kind: "absent" }, "OCI_BLOB_MISSING"],
  [{ kind: "flipped-bit", at: 0 }, "OCI_BLOB_DIGEST_MISMATCH"],
  [{ kind: "flipped-bit", at: 9_999 }, "OCI_BLOB_DIGEST_MISMATCH"],
  [{ kind: "short", sizeBytes: 9_999 }, "OCI_BLOB_SIZE_MISMATCH"],
  [{ kind: "short", sizeBytes: 0 }, "OCI_BLOB_SIZE_MISMATCH"],
  [{ kind: "long", extra: Buffer.of(0) }, "OCI_BLOB_SIZE_MISMATCH"],
  [{ kind: "io-error", afterChunks: 1 }, "OCI_BLOB_UNREADABLE"],
];

describe("a verified blob", () => {
  it("has the bytes of an honest layout", async () => {
    expect(await collect(readVerifiedChunks(honest, pinned))).toEqual(content);
    expect(await readVerifiedBlob(honest, pinned, content.length)).toEqual(content);
    let bytes = 0;
    await verifyBlob(honest, pinned, { onBytes: (more) => (bytes += more) });
    expect(bytes).toBe(content.length);
  });

  it.each(lies)("is refused when the medium lies: %j", async (lie, code) => {
    const lying = () => lyingLayout(honest, new Map([[pinned.digest, lie]]));
    await expect(collect(readVerifiedChunks(lying(), pinned))).rejects.toMatchObject({ code });
    await expect(readVerifiedBlob(lying(), pinned, content.length)).rejects.toMatchObject({ code });
    await expect(verifyBlob(lying(), pinned)).rejects.toMatchObject({ code });
  });

  it("is refused with any bit flipped, however it is cut into chunks", async () => {
    const small = content.subarray(0, 300);
    await fc.assert(
      fc.asyncProperty(fc.nat(small.length - 1), fc.integer({ min: 1, max: 400 }), async (at, chunkBytes) => {
        const layout = memoryLayout([Buffer.from(small)], chunkBytes);
        const expected = { digest: digestOf(small), size: small.length };
        expect(await collect(readVerifiedChunks(layout, expected))).toEqual(Buffer.from(small));
        const lying = lyingLayout(layout, new Map([[expected.digest, { kind: "flipped-bit", at }]]));
        await expect(verifyBlob(lying, expected)).rejects.toMatchObject({ code: "OCI_BLOB_DIGEST_MISMATCH" });
      }),
      { numRuns: 50 },
    );
  });

  it("stops at the first chunk too many of a blob without end", async () => {
    let served = 0;
    async function* endless() {
      for (;;) {
        served += 1;
        yield Buffer.alloc(4096);
      }
    }
    const layout = { ...honest, openBlob: async () => ({ sizeBytes: 1, chunks: endless() }) };
    await expect(verifyBlob(layout, pinned)).rejects.toMatchObject({ code: "OCI_BLOB_SIZE_MISMATCH" });
    expect(served).toBe(3);
  });

  it("hands on no chunk that holds a byte beyond the size", async () => {
    const lying = lyingLayout(honest, new Map([[pinned.digest, { kind: "long", extra: Buffer.alloc(5) }]]));
    let bytes = 0;
    const read = async () => {
      for await (const chunk of readVerifiedChunks(lying, pinned)) bytes += chunk.length;
    };
    await expect(read()).rejects.toMatchObject({ code: "OCI_BLOB_SIZE_MISMATCH" });
    expect(bytes).toBeLessThanOrEqual(pinned.size);
  });

  it("is not even opened when it is said to be larger than its reader takes", async () => {
    const counting = lyingLayout(honest);
    await expect(readVerifiedBlob(counting, pinned, content.length - 1)).rejects.toMatchObject({
      code: "OCI_BLOB_TOO_LARGE",
    });
    expect(counting.openings.size).toBe(0);
  });

  it("ends when it is told to", async () => {
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(verifyBlob(honest, pinned, { signal })).rejects.toThrow("enough");
  });
});
