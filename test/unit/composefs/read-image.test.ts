import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readImage } from "../../../src/composefs/read-image.ts";
import { writeImage } from "../../../src/composefs/write-image.ts";
import type { DirectoryNode, LeafNode } from "../../../src/tree/node.ts";
import { walkTree } from "../../../src/tree/walk.ts";
import { PINNED_TREES } from "../../support/pinned-trees.ts";
import { arbitraryTree, directory, inlineFile, objectFile, symlink, xattrs } from "../../support/tree-fixtures.ts";
import { codeOf } from "./code-of.ts";

/** Which paths are names of one node. */
function linkedPaths(root: DirectoryNode): string[][] {
  const paths = new Map<LeafNode, string[]>();
  for (const { path, node } of walkTree(root))
    if (node.kind !== "directory") paths.set(node, [...(paths.get(node) ?? []), path.join("/")]);
  return [...paths.values()].map((names) => names.sort()).sort();
}

const patched = (image: Buffer, patch: (copy: Buffer) => void): Buffer => {
  const copy = Buffer.from(image);
  patch(copy);
  return copy;
};

describe("an image", () => {
  it.each(PINNED_TREES)("is read back into its tree: $title", ({ tree }) => {
    const read = readImage(writeImage(tree));
    expect(read).toEqual(tree);
    expect(linkedPaths(read)).toEqual(linkedPaths(tree));
  });

  it("of any tree is read back into it, its hard links too", () => {
    fc.assert(
      fc.property(arbitraryTree, (tree) => {
        const read = readImage(writeImage(tree));
        expect(read).toEqual(tree);
        expect(linkedPaths(read)).toEqual(linkedPaths(tree));
      }),
      { numRuns: 50 },
    );
  });

  it("may lie anywhere in memory, and may change once it has been read", () => {
    const tree = directory({ a: inlineFile("text", { xattrs: xattrs({ "user.a": "1" }) }), b: symlink("x") });
    const image = writeImage(tree);
    const shifted = Buffer.concat([Buffer.alloc(13), image]).subarray(13);
    const read = readImage(shifted);
    shifted.fill(0xff);
    expect(read).toEqual(tree);
  });
});

describe("what is no image is refused", () => {
  const tree = directory({
    a: directory({ b: inlineFile("text"), c: symlink("b") }),
    d: objectFile("ab", 5000),
    e: objectFile("ab", 5000),
    f: inlineFile("x", { mtimeSeconds: 5, xattrs: xattrs({ "user.a": "1" }) }),
  });
  const image = writeImage(tree);
  const at = (bytes: Buffer | string) => image.indexOf(bytes);

  it.each<[string, Buffer, string]>([
    ["no bytes", Buffer.alloc(0), "COMPOSEFS_IMAGE_CORRUPT"],
    ["half a superblock", image.subarray(0, 1100), "COMPOSEFS_IMAGE_CORRUPT"],
    ["zeros", Buffer.alloc(8192), "COMPOSEFS_IMAGE_UNSUPPORTED"],
    ["an image without its last block", image.subarray(0, -4096), "COMPOSEFS_IMAGE_CORRUPT"],
    ["an image without its last byte", image.subarray(0, -1), "COMPOSEFS_IMAGE_CORRUPT"],
    ["an image and a byte", Buffer.concat([image, Buffer.alloc(1)]), "COMPOSEFS_IMAGE_CORRUPT"],
    ["an image and a block", Buffer.concat([image, Buffer.alloc(4096)]), "COMPOSEFS_IMAGE_CORRUPT"],
    [
      "an image that knows of one block more",
      patched(Buffer.concat([image, Buffer.alloc(4096)]), (copy) => copy.writeUInt32LE(copy.length / 4096, 1060)),
      "COMPOSEFS_IMAGE_NOT_CANONICAL",
    ],
    ["format V0", patched(image, (copy) => copy.writeUInt32LE(0, 12)), "COMPOSEFS_IMAGE_UNSUPPORTED"],
    ["format V2", patched(image, (copy) => copy.writeUInt32LE(2, 12)), "COMPOSEFS_IMAGE_UNSUPPORTED"],
    ["compressed EROFS", patched(image, (copy) => copy.writeUInt32LE(1, 1104)), "COMPOSEFS_IMAGE_UNSUPPORTED"],
    ["blocks of 64 KiB", patched(image, (copy) => copy.writeUInt8(16, 1036)), "COMPOSEFS_IMAGE_UNSUPPORTED"],
    ["a root beyond the image", patched(image, (copy) => copy.writeUInt16LE(0xffff, 1038)), "COMPOSEFS_IMAGE_CORRUPT"],
    ["a root that is a file", patched(image, (copy) => copy.writeUInt16LE(0o100644, 1156)), "COMPOSEFS_IMAGE_CORRUPT"],
    [
      "an object under another name",
      patched(image, (copy) => copy.write("/ab/cd", at("/ab/abab"), "latin1")),
      "COMPOSEFS_OBJECT_NAME_MISMATCH",
    ],
    [
      "an object outside of the store",
      patched(image, (copy) => copy.write("/../..", at("/ab/abab"), "latin1")),
      "COMPOSEFS_OBJECT_NAME_MISMATCH",
    ],
    [
      "an object of another digest",
      patched(image, (copy) => copy.fill(0xcd, at(Buffer.alloc(32, 0xab)), at(Buffer.alloc(32, 0xab)) + 1)),
      "COMPOSEFS_OBJECT_NAME_MISMATCH",
    ],
    [
      "an object without digest",
      patched(image, (copy) => copy.write("metacopx", at("overlay.metacopy") + 8, "latin1")),
      "COMPOSEFS_IMAGE_CORRUPT",
    ],
    [
      "a filter that hides an attribute from the kernel",
      patched(image, (copy) => copy.fill(0xff, at("\x01\x01\x01\0a1") - 12, at("\x01\x01\x01\0a1") - 8)),
      "COMPOSEFS_IMAGE_NOT_CANONICAL",
    ],
  ])("%s", (_, bytes, code) => {
    expect(codeOf(() => readImage(bytes))).toBe(code);
  });

  it("with any one byte changed (BF-8.10)", () => {
    fc.assert(
      fc.property(fc.nat(image.length - 1), fc.integer({ min: 1, max: 255 }), (index, flip) => {
        const damaged = patched(image, (copy) => {
          copy[index] = (copy[index] ?? 0) ^ flip;
        });
        // A change that turns one tree into another is one: the digest of the image is there for it.
        const outcome = codeOf(() => writeImage(readImage(damaged)).equals(damaged));
        if (typeof outcome === "object") expect(outcome).toEqual({ returned: true });
        else expect(outcome).toMatch(/^COMPOSEFS_/);
      }),
      { numRuns: 700 },
    );
  });

  it("with many bytes changed, without a crash", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 1024, max: image.length - 4 }), fc.nat(0xffff_ffff)), { maxLength: 8 }),
        (words) => {
          const damaged = patched(image, (copy) => {
            for (const [index, word] of words) copy.writeUInt32LE(word, index - (index % 4));
          });
          const outcome = codeOf(() => readImage(damaged));
          expect(typeof outcome === "object" || /^COMPOSEFS_/.test(String(outcome))).toBe(true);
        },
      ),
      { numRuns: 700 },
    );
  });

  it("that is larger than any image may be (BF-8.4)", () => {
    const huge = new Uint8Array(2 ** 30 + 1);
    expect(codeOf(() => readImage(huge))).toBe("COMPOSEFS_IMAGE_TOO_LARGE");
  });
});

describe("a directory of a hostile image", () => {
  /** An image with one directory `sub` in its root, whose entry for `x` is changed. */
  const withEntry = (patch: (image: Buffer, direntAt: number) => void): Buffer => {
    const image = writeImage(directory({ sub: directory({ x: directory({ y: inlineFile("") }) }) }));
    // The tail of `sub` holds three entries (., .., x) of 12 bytes, then the names.
    const direntAt = image.indexOf("...x") - 12;
    patch(image, direntAt);
    return image;
  };
  const nidOf = (image: Buffer, at: number) => image.readBigUInt64LE(at);

  it.each<[string, (image: Buffer, direntAt: number) => void]>([
    ["in itself", (image, at) => image.writeBigUInt64LE(nidOf(image, at - 24), at)],
    ["in its child", (image, at) => image.writeBigUInt64LE(nidOf(image, at - 12), at)],
    ["beyond the image", (image, at) => image.writeBigUInt64LE(1n << 40n, at)],
    ["beyond all numbers", (image, at) => image.writeBigUInt64LE(2n ** 64n - 1n, at)],
    ["in the header", (image, at) => image.writeBigUInt64LE(0n, at)],
    ["with a name beyond its block", (image, at) => image.writeUInt16LE(4000, at + 8)],
    ["with a name among its entries", (image, at) => image.writeUInt16LE(2, at + 8)],
    ["with names that begin nowhere", (image, at) => image.writeUInt16LE(0, at - 24 + 8)],
    ["with a name of a slash", (image, at) => image.write("/", at + 15, "latin1")],
    ["with a name twice", (image, at) => image.write(".", at + 15, "latin1")],
  ])("is refused %s", (_, patch) => {
    expect(codeOf(() => readImage(withEntry(patch)))).toMatch(/^COMPOSEFS_IMAGE_(CORRUPT|NOT_CANONICAL)$/);
  });

  it("costs no more than the size of its image, however often its blocks are named", () => {
    // 400 directories whose data is one and the same large directory: 400 times the work without a bound.
    const many = Object.fromEntries(
      Array.from({ length: 400 }, (_, index) => [`d${index}`, directory({ x: directory() })]),
    );
    const wide = directory(
      Object.fromEntries(Array.from({ length: 2000 }, (_, index) => [`file-${index}`, inlineFile("")])),
    );
    const image = writeImage(directory({ ...many, wide }));
    const view = new DataView(image.buffer, image.byteOffset);
    const size = wideSize(image);
    for (let at = 1152 + 64; at < size.at; at += 32)
      if (view.getUint16(at + 4, true) === 0o40755 && view.getUint16(at, true) <= 5) {
        view.setUint16(at, 1 - 1, true);
        view.setUint32(at + 8, size.bytes, true);
        view.setUint32(at + 16, size.block, true);
      }
    expect(codeOf(() => readImage(image))).toBe("COMPOSEFS_IMAGE_CORRUPT");
  });
});

/** Where the inode of the largest directory is, how large it is, and its first block. */
function wideSize(image: Buffer): { at: number; bytes: number; block: number } {
  let best = { at: 0, bytes: 0, block: 0 };
  for (let at = 1152 + 64; at + 32 <= image.length; at += 32) {
    const isDirectory = image.readUInt16LE(at + 4) === 0o40755 && image.readUInt16LE(at) <= 5;
    const bytes = image.readUInt32LE(at + 8);
    if (isDirectory && bytes > best.bytes && bytes < image.length)
      best = { at, bytes, block: image.readUInt32LE(at + 16) };
  }
  return best;
}
