import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readVectorIndex, VECTORS } from "./vector-reader.ts";

const spec = readFileSync(join(VECTORS, "../spec.md"), "utf8");
const clauses = [...spec.matchAll(/^\*\*(BF-\d+\.\d+)\*\* (.*?)(?=^\*\*BF-|^## |(?![\s\S]))/gms)].map(
  ([, id = "", text = ""]) => ({
    id,
    text,
  }),
);

/** Clauses that vectors are about, and those that the tests of this house name. */
function citedInTests(): ReadonlySet<string> {
  const cited = new Set(readVectorIndex().flatMap((vector) => vector.clauses));
  for (const file of globSync("test/**/*.test.ts", { cwd: join(VECTORS, "../..") })) {
    for (const [id] of readFileSync(join(VECTORS, "../..", file), "utf8").matchAll(/BF-\d+\.\d+/g)) cited.add(id);
  }
  return cited;
}

describe("the clauses of bundle-format/spec.md", () => {
  it("are numbered without gaps", () => {
    expect(clauses.length).toBeGreaterThan(50);
    const next = new Map<string, number>();
    for (const { id } of clauses) {
      const [section = "", number] = id.slice("BF-".length).split(".");
      const expected = (next.get(section) ?? 0) + 1;
      expect(Number(number), id).toBe(expected);
      next.set(section, expected);
    }
  });

  it("have a vector or a test for each MUST", () => {
    const cited = citedInTests();
    const untested = clauses.filter(({ id, text }) => text.includes("MUST") && !cited.has(id)).map(({ id }) => id);
    expect(untested).toEqual([]);
  });

  it("are all that code, vectors and tests of sections 1 to 6 cite", () => {
    const known = new Set(clauses.map(({ id }) => id));
    const own = (id: string) => /^BF-[1-6]\./.test(id);
    expect([...citedInTests()].filter((id) => own(id) && !known.has(id))).toEqual([]);
    for (const file of globSync("src/{trust,bundle}/*.ts", { cwd: join(VECTORS, "../..") })) {
      const cited = readFileSync(join(VECTORS, "../..", file), "utf8").match(/BF-\d+\.\d+/g) ?? [];
      expect(
        cited.filter((id) => own(id) && !known.has(id)),
        file,
      ).toEqual([]);
    }
  });
});
