/** Random layers, merged once by our merge and once by a model that is slow and says no more than the text of tree.md. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { CodedError } from "../../../src/error.ts";
import { describeTree, mergeLayers } from "./merge-layers.ts";

/** A tree as lines by path: `d` directory by entry, `i` by need, `f…` file, `l…` symbolic link; parents are paths. */
type Model = Map<string, string>;

function applyToModel(model: Model, lines: readonly string[]): void {
  const parentOf = (path: string) => path.split("/").slice(0, -1).join("/");
  const removeTree = (path: string) => {
    for (const key of [...model.keys()]) if (key === path || key.startsWith(`${path}/`)) model.delete(key);
  };
  const isMark = (line: string) => /(^|\/)\.wh\./.test(line);
  // BF-7.6: first the whiteouts, wherever in the archive they stand.
  for (const mark of lines.filter(isMark)) {
    const directory = parentOf(mark);
    const name = mark.slice(directory === "" ? 0 : directory.length + 1).replace(".wh.", "");
    if (name !== ".wh..opq") removeTree(directory === "" ? name : `${directory}/${name}`);
    else
      for (const key of [...model.keys()]) if (directory === "" || key.startsWith(`${directory}/`)) model.delete(key);
  }
  // Then the entries, in the order of the archive.
  for (const line of lines.filter((text) => !isMark(text))) {
    const path = line.replace(/( -> |: ).*$|\/$/, "");
    for (let parent = parentOf(path); parent !== ""; parent = parentOf(parent))
      if (!model.has(parent)) model.set(parent, "i");
    const isDirectory = line.endsWith("/");
    if (!isDirectory || !/^[di]/.test(model.get(path) ?? "")) removeTree(path);
    model.set(
      path,
      isDirectory ? "d" : line.includes(" -> ") ? `l${line.split(" -> ")[1]}` : `f${line.split(": ")[1]}`,
    );
  }
}

function describeModel(model: Model): string[] {
  const lines = [...model].map(([path, what]) => {
    if (what === "d") return `${path}/`;
    if (what === "i") return `${path}/ (implied)`;
    return what.startsWith("l") ? `${path} -> ${what.slice(1)}` : `${path}: ${what.slice(1)}`;
  });
  return lines.sort();
}

const component = fc.constantFrom("a", "b", "c");
const path = fc.array(component, { minLength: 1, maxLength: 3 }).map((parts) => parts.join("/"));
const line = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(path, fc.nat(9)).map(([name, content]) => `${name}: ${content}`) },
  { weight: 4, arbitrary: path.map((name) => `${name}/`) },
  { weight: 1, arbitrary: path.map((name) => `${name} -> x`) },
  { weight: 2, arbitrary: path.map((name) => name.replace(/[^/]+$/, (base) => `.wh.${base}`)) },
  { weight: 1, arbitrary: path.map((name) => name.replace(/[^/]+$/, ".wh..wh..opq")) },
);

it("merges as the text says, or refuses", () => {
  let merged = 0;
  fc.assert(
    fc.property(fc.array(fc.array(line, { maxLength: 6 }), { maxLength: 4 }), (layers) => {
      let lines: string[];
      try {
        lines = describeTree(mergeLayers(...layers));
      } catch (error) {
        // Entries below links and files are refused: layer-merge.test.ts.
        expect(error).toBeInstanceOf(CodedError);
        return;
      }
      const model: Model = new Map();
      for (const layer of layers) applyToModel(model, layer);
      expect(lines).toEqual(describeModel(model));
      merged++;
    }),
    { numRuns: 2000 },
  );
  expect(merged).toBeGreaterThan(500);
});
