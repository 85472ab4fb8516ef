/** The text of bundle-format/tree.md, the sources and the tests speak of the same clauses and codes. */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { COMPOSEFS_ERRORS } from "../../../src/composefs/error.ts";
import { TREE_ERRORS } from "../../../src/tree/error.ts";

const rootDirectory = fileURLToPath(new URL("../../../", import.meta.url));
const read = (path: string) => readFileSync(`${rootDirectory}${path}`, "utf8");
const readAll = (...directories: readonly string[]) =>
  directories
    .flatMap((path) => readdirSync(`${rootDirectory}${path}`).map((name) => read(`${path}/${name}`)))
    .join("\n");
const matches = (text: string, pattern: RegExp) => [
  ...new Set(Array.from(text.matchAll(pattern), ([, found]) => found)),
];

const specification = read("bundle-format/tree.md");
const sources = readAll("src/tree", "src/composefs");
const tests = readAll("test/unit/tree", "test/unit/composefs");
const codes = [...Object.keys(TREE_ERRORS), ...Object.keys(COMPOSEFS_ERRORS)];
/** Of text that a person typed and of calls of our own: no matter of the format. */
const NOT_OF_THE_FORMAT = [
  ...["COMPOSEFS_DIGEST_INVALID", "COMPOSEFS_CONTENT_SIZE_MISMATCH"],
  "COMPOSEFS_OBJECT_LIST_INVALID", // of object packs: spec.md, section 10
];

/** `BF-7.6 to BF-7.8` speaks of 7.7 too. */
function clausesIn(text: string): (string | undefined)[] {
  const ranges = Array.from(text.matchAll(/BF-(\d)\.(\d+) to BF-\1\.(\d+)/g), ([, section, from, to]) =>
    Array.from({ length: Number(to) - Number(from) + 1 }, (_, index) => `${section}.${Number(from) + index}`),
  );
  return [...matches(text, /BF-(\d\.\d+)/g), ...ranges.flat()];
}

describe("the specification of trees and images", () => {
  it("has clauses, numbered one after the other", () => {
    const clauses = matches(specification, /\*\*BF-(\d\.\d+)/g);
    const expected = [7, 8].flatMap((section) =>
      Array.from(
        { length: clauses.filter((clause) => clause?.startsWith(`${section}.`)).length },
        (_, index) => `${section}.${index + 1}`,
      ),
    );
    expect(clauses).toEqual(expected);
    expect(clauses.length).toBeGreaterThan(20);
  });

  it("is cited clause by clause, and no source cites what it has not", () => {
    const clauses = matches(specification, /\*\*BF-(\d\.\d+)/g);
    const cited = clausesIn(sources);
    expect(clauses.filter((clause) => !cited.includes(clause))).toEqual([]);
    expect(cited.filter((clause) => !clauses.includes(clause))).toEqual([]);
  });

  it("names each code, and no other", () => {
    const named = matches(specification, /`((?:TREE|COMPOSEFS)_[A-Z_]+)`/g);
    expect(named.filter((code) => !codes.includes(code ?? ""))).toEqual([]);
    expect(codes.filter((code) => !named.includes(code) && !NOT_OF_THE_FORMAT.includes(code))).toEqual([]);
  });

  it.each(codes)("has a test for %s", (code) => {
    expect(tests).toContain(`"${code}"`);
  });
});
