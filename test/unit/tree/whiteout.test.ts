import { describe, expect, it } from "vitest";
import { describeTree, type LayerText, mergeLayers } from "./merge-layers.ts";
import { codeOf } from "./parse-archive.ts";

const OPAQUE = ".wh..wh..opq";
const merged = (...layers: readonly LayerText[]) => describeTree(mergeLayers(...layers));

describe("a whiteout", () => {
  it.each<[string, LayerText[], string[]]>([
    ["takes a file of a lower layer away", [["a: 1", "b: 1"], [".wh.a"]], ["b: 1"]],
    ["takes a directory with all in it away", [["a/", "a/b/", "a/b/c"], [".wh.a"]], []],
    ["takes a file in a directory away", [["a/", "a/b", "a/c"], ["a/.wh.b"]], ["a/", "a/c"]],
    ["takes a link away, not its target", [["a/", "a/x", "b -> a"], [".wh.b"]], ["a/", "a/x"]],
    ["takes one name of a node away", [["a: 1", "b = a", "c = a"], [".wh.a"]], ["b: 1 #1", "c: 1 #1"]],
    ["may name what is not there", [["a"], [".wh.b", "c/.wh.d"]], ["a"]],
    ["does not make its directory", [[], ["a/b/.wh.c"]], []],
    ["leaves a file of its own layer, before it", [["a: 1"], ["a: 2", ".wh.a"]], ["a: 2"]],
    ["leaves a file of its own layer, after it", [["a: 1"], [".wh.a", "a: 2"]], ["a: 2"]],
    [
      "empties a directory of its own layer",
      [
        ["a/", "a/b"],
        [".wh.a", "a/", "a/c"],
      ],
      ["a/", "a/c"],
    ],
    [
      "empties it wherever it stands",
      [
        ["a/", "a/b"],
        ["a/", "a/c", ".wh.a"],
      ],
      ["a/", "a/c"],
    ],
    ["makes room for parents of its layer", [["a -> b"], ["a/c", ".wh.a"]], ["a/ (implied)", "a/c"]],
    ["applies to all lower layers", [["a: 1"], ["b: 1"], [".wh.a", ".wh.b"]], []],
    ["does not apply to later layers", [["a: 1"], [".wh.a"], ["a: 2"]], ["a: 2"]],
    [
      "marks by its name alone",
      [
        ["a", "b", "c"],
        [".wh.a/", ".wh.b -> x", ".wh.c: content"],
      ],
      [],
    ],
  ])("%s", (_, layers, expected) => {
    expect(merged(...layers)).toEqual(expected);
  });
});

describe("an opaque whiteout", () => {
  // The two layers of the example in OCI image-spec, layer.md.
  const lower = ["a/", "a/b/", "a/b/c/", "a/b/c/bar"];
  const upper = ["a/", "a/b/", "a/b/c/", "a/b/c/foo"];
  const expected = ["a/", "a/b/", "a/b/c/", "a/b/c/foo"];

  it("applies first wherever it stands in its layer", () => {
    for (let at = 0; at <= upper.length; at++) {
      const marked = [...upper.slice(0, at), `a/${OPAQUE}`, ...upper.slice(at)];
      expect(merged(lower, marked)).toEqual(expected);
    }
  });

  it.each<[string, LayerText[], string[]]>([
    ["keeps its directory and its attributes", [["a/", "a/b"], [`a/${OPAQUE}`]], ["a/"]],
    [
      "takes directories below away",
      [
        ["a/", "a/b/", "a/b/c"],
        [`a/${OPAQUE}`, "a/d"],
      ],
      ["a/", "a/d"],
    ],
    [
      "makes anew what its layer needs",
      [
        ["a/", "a/b/", "a/b/c"],
        ["a/b/d", `a/${OPAQUE}`],
      ],
      ["a/", "a/b/ (implied)", "a/b/d"],
    ],
    [
      "in the root empties the tree",
      [
        ["a/", "a/b", "c"],
        [OPAQUE, "d"],
      ],
      ["d"],
    ],
    ["of a directory that is not there does nothing", [["a"], [`b/${OPAQUE}`]], ["a"]],
    ["applies to lower layers only", [["a/", "a/b"], [`a/${OPAQUE}`], ["a/c"]], ["a/", "a/c"]],
    ["below a file that the layer replaces", [["a: 1"], ["a/", `a/${OPAQUE}`, "a/b"]], ["a/", "a/b"]],
  ])("%s", (_, layers, tree) => {
    expect(merged(...layers)).toEqual(tree);
  });
});

describe("names of AUFS", () => {
  it.each(["x/.wh..wh.orph", ".wh..wh.plnk/", ".wh..wh.plnk/123.456", ".wh..wh.aufs"])("%s are ignored", (name) => {
    expect(merged(["x/", "a"], [name])).toEqual(["a", "x/"]);
  });
});

describe("a mark is refused", () => {
  it.each([".wh.", "a/.wh.", ".wh..", ".wh...", ".wh.a/b", `a/${OPAQUE}/b`])("that is %s", (name) => {
    expect(codeOf(() => mergeLayers(["a/"], [name]))).toBe("TREE_WHITEOUT_INVALID");
  });
});
