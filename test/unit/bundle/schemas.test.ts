import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { generateSchemas } from "../../../bundle-format/schemas/generate.ts";

const SCHEMAS = join(import.meta.dirname, "../../../bundle-format/schemas");

describe("the JSON Schemas of the format", () => {
  it("are the ones that the code reads documents with", () => {
    const generated = generateSchemas();
    const present = readdirSync(SCHEMAS).filter((name) => name.endsWith(".json"));
    expect(present.sort()).toEqual([...generated.keys()].sort());
    for (const [name, text] of generated) expect(readFileSync(join(SCHEMAS, name), "utf8"), name).toBe(text);
  });
});
