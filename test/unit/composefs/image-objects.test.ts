import { expect, it } from "vitest";
import { imageObjects, objectsSizeBytes } from "../../../src/composefs/image-objects.ts";
import { directory, inlineFile, objectFile, symlink } from "../../support/tree-fixtures.ts";
import { codeOf } from "./code-of.ts";

it("counts each object of a tree once, and no content that stands in the tree", () => {
  const linked = objectFile("aa", 100);
  const tree = directory({
    a: linked,
    b: directory({ c: linked, d: objectFile("aa", 100), e: objectFile("bb", 2 ** 40) }),
    f: inlineFile("text"),
    g: symlink("a"),
  });
  expect([...imageObjects(tree)]).toEqual([
    ["aa".repeat(32), 100],
    ["bb".repeat(32), 2 ** 40],
  ]);
  expect(objectsSizeBytes(tree)).toBe(2 ** 40 + 100);
  expect(objectsSizeBytes(directory())).toBe(0);
});

it("refuses a tree where one object has two sizes", () => {
  const tree = directory({ a: objectFile("aa", 100), b: objectFile("aa", 101) });
  expect(codeOf(() => imageObjects(tree))).toBe("COMPOSEFS_TREE_UNSUPPORTED");
});
