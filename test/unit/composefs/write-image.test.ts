import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatImageDigest } from "../../../src/composefs/image-digest.ts";
import { verityOf } from "../../../src/composefs/verity.ts";
import { writeImage } from "../../../src/composefs/write-image.ts";
import type { DirectoryNode, TreeNode } from "../../../src/tree/node.ts";
import { PINNED_TREES } from "../../support/pinned-trees.ts";
import {
  arbitraryTree,
  blockDevice,
  characterDevice,
  directory,
  fifo,
  inlineFile,
  objectFile,
  symlink,
  xattrs,
} from "../../support/tree-fixtures.ts";
import { codeOf } from "./code-of.ts";

describe("the image of a tree", () => {
  it.each(PINNED_TREES)("is the one that mkcomposefs writes: $title", ({ tree, imageSha256 }) => {
    expect(createHash("sha256").update(writeImage(tree)).digest("hex")).toBe(imageSha256);
  });

  it("has the digest that composefs-rs pins for an empty root", () => {
    expect(formatImageDigest(verityOf(writeImage(directory())))).toBe(
      "v1-sha256-12:14a26c957c84f6eb774b91205476adc13196c7c33b9dd97d08d43725ecb90b63",
    );
  });

  it("does not depend on the order of the maps of the tree", () => {
    const reversed = (node: TreeNode): TreeNode => {
      const metadata = { ...node.metadata, xattrs: new Map([...node.metadata.xattrs].reverse()) };
      if (node.kind !== "directory") return node;
      const entries = [...node.entries].reverse().map(([name, child]) => [name, reversed(child)] as const);
      return { ...node, metadata, entries: new Map(entries) };
    };
    fc.assert(
      fc.property(arbitraryTree, (tree) => writeImage(reversed(tree) as DirectoryNode).equals(writeImage(tree))),
      { numRuns: 20 },
    );
  });
});

describe("a tree is refused (BF-8.9)", () => {
  const named = (name: string) => directory({ [name]: inlineFile("") });
  const deep = (levels: number): DirectoryNode => (levels === 0 ? directory() : directory({ d: deep(levels - 1) }));
  const shared = directory();

  it.each<[string, DirectoryNode]>([
    ["a name with a slash", named("a/b")],
    ["a name with a NUL", named("a\0b")],
    ["an empty name", named("")],
    ["the name .", named(".")],
    ["the name ..", named("..")],
    ["a name of 256 bytes", named("x".repeat(256))],
    ["more than 64 bytes of inline content", directory({ a: inlineFile("x".repeat(65)) })],
    ["an object of 64 bytes", directory({ a: objectFile("aa", 64) })],
    ["an object beyond 8 TiB", directory({ a: objectFile("aa", 2 ** 43 + 1) })],
    ["an empty link", directory({ a: symlink("") })],
    ["a link of 4096 bytes", directory({ a: symlink("x".repeat(4096)) })],
    ["a link with a NUL", directory({ a: symlink("a\0b") })],
    ["a whiteout", directory({ a: characterDevice(0, 0) })],
    ["a whiteout under the name of an object directory", directory({ "00": characterDevice(0, 0) })],
    ["a large device", directory({ a: blockDevice(4096, 0) })],
    ["a large minor number", directory({ a: blockDevice(1, 2 ** 20) })],
    ["a mode beyond its bits", directory({ a: fifo({ mode: 0o10000 }) })],
    ["an owner beyond 32 bits", directory({ a: fifo({ uid: 0xffff_ffff }) })],
    ["a broken time", directory({}, { mtimeSeconds: 0.5 })],
    ["an attribute of overlayfs", directory({}, { xattrs: xattrs({ "trusted.overlay.redirect": "/x" }) })],
    ["an attribute of overlayfs for users", directory({}, { xattrs: xattrs({ "user.overlay.opaque": "y" }) })],
    ["an attribute with a NUL in its name", directory({}, { xattrs: xattrs({ "user.a\0b": "" }) })],
    ["large attributes", directory({}, { xattrs: xattrs({ "user.a": "x".repeat(32_768) }) })],
    ["257 levels", deep(257)],
    ["a directory in two places", directory({ a: shared, b: shared })],
  ])("for %s", (_, tree) => {
    expect(codeOf(() => writeImage(tree))).toBe("COMPOSEFS_TREE_UNSUPPORTED");
  });

  it("but not for what is just within the bounds", () => {
    const tree = directory({
      ["x".repeat(255)]: symlink("x".repeat(4095)),
      a: deep(255),
      b: objectFile("aa", 2 ** 43, { uid: 0xffff_fffe, xattrs: xattrs({ "user.a": "x".repeat(32_762) }) }),
      c: blockDevice(0, 0),
    });
    expect(writeImage(tree).length % 4096).toBe(0);
  });
});
