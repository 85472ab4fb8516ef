import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Clause, clausesOf, testsByClause, titlesIn } from "../../support/format-clauses.ts";
import { readVectorIndex, VECTORS } from "./vector-reader.ts";

const HOUSE = join(VECTORS, "../..");
const clauses = [...clausesOf("spec.md"), ...clausesOf("tree.md")];
const demands = clauses.filter(({ text }) => /\bMUST\b/.test(text));
const tests = testsByClause();
const vectors = Map.groupBy(
  readVectorIndex().flatMap(({ name, clauses: about }) => about.map((id) => ({ id, name }))),
  ({ id }) => id,
);

describe("the clauses of bundle-format/", () => {
  it("are numbered without gaps", () => {
    expect(clauses.length).toBeGreaterThan(80);
    const next = new Map<string, number>();
    for (const { id } of clauses) {
      const [section = "", number] = id.slice("BF-".length).split(".");
      const expected = (next.get(section) ?? 0) + 1;
      expect(Number(number), id).toBe(expected);
      next.set(section, expected);
    }
  });

  // Of a vector the title of its test names the clauses: "the vectors of the format" runs every one.
  it.each(demands)("$id, which says MUST, is named by a test or by a vector", ({ id }: Clause) => {
    expect([...(tests.get(id) ?? []), ...(vectors.get(id) ?? [])], id).not.toEqual([]);
  });

  it("are looked for in titles only: a comment is no test, and neither is one that is commented out", () => {
    const source = [
      '// it("in a comment", () => {});',
      'const text = "in a text";',
      'it("of a test", () => {});',
      'it.each([["in a row"]])("of a table", async ([text]) => {});',
      "describe(`of a group`, () => {});",
    ];
    expect(titlesIn(source.join("\n"))).toEqual(["of a test", "of a table", "of a group"]);
  });

  it("are all that sources, vectors and tests cite", () => {
    const known = new Set(clauses.map(({ id }) => id));
    expect([...vectors.keys(), ...tests.keys()].filter((id) => !known.has(id))).toEqual([]);
    for (const file of globSync(["src/**/*.ts", "bundle-format/*.py"], { cwd: HOUSE })) {
      const cited = readFileSync(join(HOUSE, file), "utf8").match(/BF-\d+\.\d+/g) ?? [];
      expect(
        cited.filter((id) => !known.has(id)),
        file,
      ).toEqual([]);
    }
  });
});
