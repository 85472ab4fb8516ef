/** The clauses of bundle-format/spec.md and tree.md, and the titles of the tests that say which of them they are about. */
import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const HOUSE = fileURLToPath(new URL("../../", import.meta.url));

export interface Clause {
  /** `BF-3.11` */
  readonly id: string;
  readonly text: string;
}

/** @param page in `bundle-format/` */
export function clausesOf(page: "spec.md" | "tree.md"): readonly Clause[] {
  const text = readFileSync(`${HOUSE}bundle-format/${page}`, "utf8");
  return [...text.matchAll(/^\*\*(BF-\d+\.\d+)(.*?)(?=^\*\*BF-|^##|(?![\s\S]))/gms)].map(([, id = "", rest = ""]) => ({
    id,
    text: rest,
  }));
}

/** A call of `it`, `describe` or what `it.each(…)` gives, with its title and the beginning of a function. */
const TITLE =
  /(?:\b(?:it|describe)|\))\(\s*(["'`])(?<title>(?:\\.|(?!\1).)*)\1\s*,\s*(?:async\s*)?(?:\(|\w+\s*=>|function\b)/gs;
const COMMENTED_OUT = /^\s*(?:\/\/|\/?\*).*$/gm;

/** Clause → titles of the tests of `npm test` that name it. */
export function testsByClause(): ReadonlyMap<string, readonly string[]> {
  const tests = new Map<string, string[]>();
  for (const file of globSync("test/{unit,integration}/**/*.test.ts", { cwd: HOUSE })) {
    for (const title of titlesIn(readFileSync(`${HOUSE}${file}`, "utf8"))) {
      for (const [id] of title.matchAll(/BF-\d+\.\d+/g)) tests.set(id, [...(tests.get(id) ?? []), `${file}: ${title}`]);
    }
  }
  return tests;
}

/** @param source of a file of tests */
export function titlesIn(source: string): readonly string[] {
  return [...source.replace(COMMENTED_OUT, "").matchAll(TITLE)].map(({ groups }) => groups?.["title"] ?? "");
}
