import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { VerityHasher, verityOf } from "../../../src/composefs/verity.ts";

/** The digest as Linux Documentation/filesystems/fsverity.rst tells it, level by level. */
function modelOf(content: Buffer): string {
  const sha256 = (bytes: Buffer) => createHash("sha256").update(bytes).digest();
  const hashesOf = (bytes: Buffer) =>
    Buffer.concat(
      Array.from({ length: Math.ceil(bytes.length / 4096) }, (_, index) =>
        sha256(
          Buffer.concat([bytes.subarray(index * 4096, index * 4096 + 4096), Buffer.alloc(4096)]).subarray(0, 4096),
        ),
      ),
    );
  let level = content.length === 0 ? Buffer.alloc(32) : hashesOf(content);
  while (level.length > 32) level = hashesOf(level);
  const descriptor = Buffer.alloc(256);
  descriptor.set([1, 1, 12, 0]);
  descriptor.writeBigUInt64LE(BigInt(content.length), 8);
  level.copy(descriptor, 16);
  return sha256(descriptor).toString("hex");
}

const pattern = (length: number) => Buffer.alloc(length, Buffer.from(Array.from({ length: 251 }, (_, index) => index)));

describe("the fs-verity digest", () => {
  // By `fsverity digest` of fsverity-utils 1.5.
  it.each([
    [0, "3d248ca542a24fc62d1c43b916eae5016878e2533c88238480b26128a1f1af95"],
    [1, "b803429503d95915829b29fdbc8bbad142f3abfd11b1cadf5526582e685c0551"],
    [4095, "5f4953aad672b0188023d6cd6fbce9d09508eb7dad165b6298ce0086bc1e72db"],
    [4096, "13e9b8848ae484a36acb3f3cac0ceb2f7601e96633d15c92f9bd3dd44e492157"],
    [4097, "b0d074abef4d544404facfab6ba242f6a8ccbde90f1325cd286f3c8aa8d0f8aa"],
    [524_288, "d82861203d50ae9b60948504a704f35f5118bd229aeb1a22d6dae47b1767c4c4"],
    [524_289, "4dc6905041c9c4ee73e13b53f63f5d289c46da359b664a965ead7f8cc4d799d4"],
    [67_108_864, "196650e8bd05f8516c0ede56deeb4d1ff2be9809dc2d827261db4a7773957567"],
    [67_108_865, "acba6554fbff4e8b2fc0361086b9e8ed6afbbd3196ade159c0f3e2bf9ecb2ed1"],
  ])("of %d bytes is %s", (length, digest) => {
    expect(verityOf(pattern(length))).toBe(digest);
  });

  it.each([0, 1, 4095, 4096, 4097, 8192, 128 * 4096 - 1, 128 * 4096, 128 * 4096 + 1, 129 * 4096, 3 * 128 * 4096 + 5])(
    "of %d bytes is that of the model",
    (length) => {
      expect(verityOf(pattern(length))).toBe(modelOf(pattern(length)));
    },
  );

  it("does not depend on the chunks", () => {
    const content = pattern(600_000);
    const expected = verityOf(content);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 200_000 }), { maxLength: 20 }), (cuts) => {
        const hasher = new VerityHasher();
        let at = 0;
        for (const cut of cuts) {
          hasher.update(content.subarray(at, at + cut));
          at = Math.min(content.length, at + cut);
        }
        expect(hasher.update(content.subarray(at)).digest()).toBe(expected);
      }),
    );
  });

  it("of one content says nothing of the one before", () => {
    const hasher = new VerityHasher();
    const contents = [pattern(5_000_000), pattern(0), pattern(1), pattern(128 * 4096 + 1), pattern(10)];
    for (const content of contents) expect(hasher.update(content).digest()).toBe(modelOf(content));
  });

  it("is of the bytes at the time of the call: a chunk may change afterwards", () => {
    const hasher = new VerityHasher();
    const chunk = Buffer.from("first");
    hasher.update(chunk);
    chunk.write("other");
    expect(hasher.digest()).toBe(modelOf(Buffer.from("first")));
  });
});
