import { describe, expect, it } from "vitest";
import { LayerMerge } from "../../../src/tree/layer-merge.ts";
import { findNode } from "../../../src/tree/walk.ts";
import { metadata, xattrs } from "../../support/tree-fixtures.ts";
import { describeTree, entryOf, type LayerText, mergeEntries, mergeLayers } from "./merge-layers.ts";
import { codeOf } from "./parse-archive.ts";

const merged = (...layers: readonly LayerText[]) => describeTree(mergeLayers(...layers));

describe("layers", () => {
  it.each<[string, LayerText[], string[]]>([
    ["one layer is its own tree", [["a/", "a/b: 1", "c -> a"]], ["a/", "a/b: 1", "c -> a"]],
    ["no layer is an empty tree", [], []],
    ["files are replaced", [["a: old"], ["a: new"]], ["a: new"]],
    ["a directory over a directory keeps what is in it", [["a/", "a/b: 1"], ["a/"]], ["a/", "a/b: 1"]],
    ["a directory gets what upper layers put in it", [["a/", "a/b: 1"], ["a/c: 2"]], ["a/", "a/b: 1", "a/c: 2"]],
    ["a file replaces a directory", [["a/", "a/b: 1"], ["a: 2"]], ["a: 2"]],
    ["a link replaces a directory", [["a/", "a/b"], ["a -> c"]], ["a -> c"]],
    ["a directory replaces a file", [["a: 1"], ["a/", "a/b: 2"]], ["a/", "a/b: 2"]],
    [
      "a directory replaces a link",
      [
        ["a -> b", "b/"],
        ["a/", "a/c: 1"],
      ],
      ["a/", "a/c: 1", "b/"],
    ],
    ["parents that no layer has are made", [["a/b/c: 1"]], ["a/ (implied)", "a/b/ (implied)", "a/b/c: 1"]],
    ["made parents take the attributes of a later entry", [["a/b: 1", "a/"]], ["a/", "a/b: 1"]],
    ["made parents take those of a later layer", [["a/b: 1"], ["a/"]], ["a/", "a/b: 1"]],
    ["made parents change nothing below", [["a/", "a/b: 1"], ["a/c: 1"]], ["a/", "a/b: 1", "a/c: 1"]],
    ["of two entries of a layer the later counts", [["a: 1", "a: 2"]], ["a: 2"]],
    [
      "a later directory of a layer starts empty",
      [
        ["a/", "a/b: 1"],
        ["a: 2", "a/", "a/c: 3"],
      ],
      ["a/", "a/c: 3"],
    ],
    ["a later file of a layer takes its directory away", [["a/", "a/b: 1", "a: 2"]], ["a: 2"]],
  ])("%s", (_, layers, expected) => {
    expect(merged(...layers)).toEqual(expected);
  });

  it("replace the attributes of a directory, all of them", () => {
    const lower = { uid: 1, mtimeSeconds: 1, xattrs: xattrs({ "user.a": "1" }) };
    const root = mergeEntries([[entryOf("a/", lower), entryOf("./", lower)], [entryOf("a/", { gid: 2 })]]);
    expect(findNode(root, entryOf("a").entry.path)?.metadata).toEqual(metadata({ mode: 0o700, gid: 2 }));
    expect(root.metadata).toEqual(metadata({ mode: 0o700, ...lower }));
  });

  it("make parents and the root with fixed attributes", () => {
    const root = mergeLayers(["a/b"]);
    expect(root.metadata).toEqual(metadata({ mode: 0o755 }));
    expect(findNode(root, entryOf("a").entry.path)?.metadata).toEqual(metadata({ mode: 0o755 }));
  });

  it("keep devices, FIFOs and their numbers", () => {
    const { entry } = entryOf("x");
    const device = { path: entry.path, metadata: entry.metadata, kind: "block-device", major: 8, minor: 1 } as const;
    expect(describeTree(mergeEntries([[{ entry: device, content: "" }]]))).toEqual(["x block-device 8:1"]);
    const fifo = { path: entry.path, metadata: entry.metadata, kind: "fifo" } as const;
    expect(describeTree(mergeEntries([[{ entry: fifo, content: "" }]]))).toEqual(["x fifo"]);
  });
});

describe("a layer is refused", () => {
  it.each<[string, LayerText[], string]>([
    ["an entry below a link of a lower layer", [["usr/", "bin -> usr"], ["bin/x: 1"]], "TREE_THROUGH_SYMLINK"],
    ["an entry below a link of its own", [["usr/", "bin -> usr", "bin/x: 1"]], "TREE_THROUGH_SYMLINK"],
    ["an entry far below a link", [["usr/", "bin -> usr"], ["bin/a/b/c: 1"]], "TREE_THROUGH_SYMLINK"],
    ["an entry below a dangling link", [["a -> nowhere"], ["a/b: 1"]], "TREE_THROUGH_SYMLINK"],
    ["an entry below a link out of the tree", [["a -> ../../etc"], ["a/passwd: 1"]], "TREE_THROUGH_SYMLINK"],
    [
      "an entry below a link before the directory",
      [
        ["a -> b", "b/"],
        ["a/c", "a/"],
      ],
      "TREE_THROUGH_SYMLINK",
    ],
    ["an entry below a hard link to a link", [["a -> b", "c = a"], ["c/x"]], "TREE_THROUGH_SYMLINK"],
    ["a whiteout below a link", [["a/", "a/x", "b -> a"], ["b/.wh.x"]], "TREE_THROUGH_SYMLINK"],
    ["an opaque whiteout below a link", [["a/", "a/x", "b -> a"], ["b/.wh..wh..opq"]], "TREE_THROUGH_SYMLINK"],
    ["an entry below a file", [["a: 1"], ["a/b: 1"]], "TREE_PARENT_NOT_DIRECTORY"],
    ["an entry below a file of its own", [["a: 1", "a/b: 1"]], "TREE_PARENT_NOT_DIRECTORY"],
    ["a whiteout below a file", [["a: 1"], ["a/.wh.b"]], "TREE_PARENT_NOT_DIRECTORY"],
    ["a root that is a file", [["."]], "TREE_ROOT_NOT_DIRECTORY"],
    ["a root that is a link", [[". -> etc"]], "TREE_ROOT_NOT_DIRECTORY"],
  ])("for %s", (_, layers, code) => {
    expect(codeOf(() => mergeLayers(...layers))).toBe(code);
  });

  it("for a character device 0:0, which overlayfs takes for a deleted file", () => {
    const { entry } = entryOf("a/x");
    const device = {
      path: entry.path,
      metadata: entry.metadata,
      kind: "character-device",
      major: 0,
      minor: 0,
    } as const;
    expect(codeOf(() => mergeEntries([[{ entry: device, content: "" }]]))).toBe("TREE_DEVICE_WHITEOUT");
    const block = { ...device, kind: "block-device" } as const;
    expect(describeTree(mergeEntries([[{ entry: block, content: "" }]]))).toContain("a/x block-device 0:0");
  });

  it("for more entries or more metadata than allowed, counted over all layers", () => {
    const layers = [["a: 1"], ["b -> c"]].map((lines) => lines.map((line) => entryOf(line)));
    expect(describeTree(mergeEntries(layers, { maxEntries: 2 }))).toHaveLength(2);
    expect(codeOf(() => mergeEntries(layers, { maxEntries: 1 }))).toBe("TREE_TOO_LARGE");
    expect(codeOf(() => mergeEntries(layers, { maxMetadataBytes: 100 }))).toBe("TREE_TOO_LARGE");
  });

  it.each(["a/b/c: 1", "a/b/.wh.c", "a/b/.wh..wh..opq"])(
    "for more directories than allowed that %s implies",
    (line) => {
      const layers = [[entryOf(line)]];
      expect(() => mergeEntries(layers, { maxEntries: 3 })).not.toThrow();
      expect(codeOf(() => mergeEntries(layers, { maxEntries: 2 }))).toBe("TREE_TOO_LARGE");
      expect(codeOf(() => mergeEntries(layers, { maxMetadataBytes: 1000 }))).toBe("TREE_TOO_LARGE");
    },
  );

  it("for many small attributes, which take more memory than their bytes", () => {
    const many = xattrs(Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`user.${index}`, "x"])));
    expect(codeOf(() => mergeEntries([[entryOf("a", { xattrs: many })]], { maxMetadataBytes: 20_000 }))).toBe(
      "TREE_TOO_LARGE",
    );
  });
});

it("keeps what lower layers have when a layer was not closed", () => {
  const merge = new LayerMerge(() => ({ write: () => undefined, end: () => ({ kind: "inline", bytes: Buffer.of() }) }));
  merge.openLayer().close();
  merge.openLayer();
  expect(() => merge.openLayer()).toThrow("has not been closed");
  expect(() => merge.finish()).toThrow("has not been closed");
});
