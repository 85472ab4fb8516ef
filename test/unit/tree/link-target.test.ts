import { describe, expect, it } from "vitest";
import { findNode } from "../../../src/tree/walk.ts";
import { describeTree, entryOf, type LayerText, mergeEntries, mergeLayers } from "./merge-layers.ts";
import { codeOf } from "./parse-archive.ts";

const merged = (...layers: readonly LayerText[]) => describeTree(mergeLayers(...layers));

describe("a hard link", () => {
  it.each<[string, LayerText[], string[]]>([
    ["is another name of its target", [["a: 1", "b = a"]], ["a: 1 #1", "b: 1 #1"]],
    ["may be linked to itself", [["a: 1", "b = a", "c = b"]], ["a: 1 #1", "b: 1 #1", "c: 1 #1"]],
    ["may have its target in a lower layer", [["a: 1"], ["b = a"]], ["a: 1 #1", "b: 1 #1"]],
    [
      "may have its target two layers down",
      [["x/a: 1"], ["x/c"], ["b = x/a"]],
      ["b: 1 #1", "x/ (implied)", "x/a: 1 #1", "x/c"],
    ],
    ["takes its target from its own layer first", [["a: 1"], ["a: 2", "b = a"]], ["a: 2 #1", "b: 2 #1"]],
    ["may name a symbolic link", [["a -> x", "b = a"]], ["a -> x #1", "b -> x #1"]],
    [
      "replaces what has its name",
      [
        ["b/", "b/c"],
        ["a: 1", "b = a"],
      ],
      ["a: 1 #1", "b: 1 #1"],
    ],
    [
      "is broken where a later layer replaces one name",
      [["a: 1", "b = a", "c = a"], ["a: 2"]],
      ["a: 2", "b: 1 #1", "c: 1 #1"],
    ],
    ["keeps its node when its target goes", [["a: 1", "b = a"], [".wh.a"]], ["b: 1"]],
    ["keeps a target that a later whiteout takes away", [["a: 1"], ["b = a", ".wh.a"]], ["b: 1"]],
    ["to its own name changes nothing", [["a: 1"], ["a = a"]], ["a: 1"]],
    ["may lie in what its target was in", [["d/a: 1"], ["d = d/a"]], ["d: 1"]],
  ])("%s", (_, layers, expected) => {
    expect(merged(...layers)).toEqual(expected);
  });

  it.each<[string, LayerText[], string]>([
    ["whose target is nowhere", [["b = a"]], "TREE_LINK_TARGET_MISSING"],
    ["whose target comes later", [["b = a", "a: 1"]], "TREE_LINK_TARGET_MISSING"],
    ["whose target is in no directory", [["b = x/a"]], "TREE_LINK_TARGET_MISSING"],
    ["whose target is gone", [["a: 1"], [".wh.a", "b = a"]], "TREE_LINK_TARGET_MISSING"],
    ["whose target's directory is gone", [["d/a: 1"], [".wh.d", "b = d/a"]], "TREE_LINK_TARGET_MISSING"],
    ["whose target's directory is opaque", [["d/a: 1"], ["d/.wh..wh..opq", "b = d/a"]], "TREE_LINK_TARGET_MISSING"],
    ["to a directory", [["a/", "b = a"]], "TREE_LINK_TO_DIRECTORY"],
    ["to a directory of a lower layer", [["a/"], ["b = a"]], "TREE_LINK_TO_DIRECTORY"],
    ["to the root", [["b = ."]], "TREE_LINK_TO_DIRECTORY"],
    ["through a symbolic link", [["d/a: 1", "e -> d", "b = e/a"]], "TREE_THROUGH_SYMLINK"],
    ["through a lower symbolic link", [["d/a: 1", "e -> d"], ["b = e/a"]], "TREE_THROUGH_SYMLINK"],
    ["through a file", [["a: 1", "b = a/c"]], "TREE_PARENT_NOT_DIRECTORY"],
  ])("%s is refused", (_, layers, code) => {
    expect(codeOf(() => mergeLayers(...layers))).toBe(code);
  });

  it("has the attributes of its target, not its own", () => {
    const root = mergeEntries([[entryOf("a: 1", { uid: 1 }), entryOf("b = a", { uid: 2, mode: 0o777 })]]);
    expect(findNode(root, entryOf("b").entry.path)?.metadata).toMatchObject({ uid: 1, mode: 0o644 });
  });
});
