import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { GENERATED_DIRECTORIES, generateVectors } from "../../../bundle-format/vectors/generate.ts";
import { toAbsPath } from "../../../src/path.ts";
import { layOutVector, outcomeOf, readVectorIndex, VECTORS } from "./vector-reader.ts";

const index = readVectorIndex();

describe("the vectors of the format", () => {
  it.each(index)("$kind $name: $about $clauses", async (entry) => {
    const directory = mkdtempSync(join(tmpdir(), "bundle-vector-"));
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
    layOutVector(entry.file, toAbsPath(directory));
    expect(await outcomeOf(entry, toAbsPath(directory))).toEqual(entry.expect);
  });

  it("has enough valid and invalid ones", () => {
    const media = index.filter(({ kind }) => kind === "medium");
    expect(media.filter(({ expect }) => expect.result === "valid").length).toBeGreaterThanOrEqual(4);
    expect(media.filter(({ expect }) => expect.result === "refused").length).toBeGreaterThanOrEqual(25);
  });

  it("comes out of the generator byte for byte", async () => {
    const generated = await generateVectors();
    for (const [path, content] of generated) {
      expect(readFileSync(join(VECTORS, path), "utf8"), path).toBe(content);
    }
    const present = GENERATED_DIRECTORIES.flatMap((it) =>
      readdirSync(join(VECTORS, it)).map((name) => `${it}/${name}`),
    );
    expect(present.sort()).toEqual([...generated.keys()].filter((path) => path.includes("/")).sort());
  });
});
