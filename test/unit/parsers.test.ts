/**
 * What holds for every parser: bytes of any kind end with a value or with a code, soon; a value that is written and read
 * again is the same. What the fuzzer has found is in test/fuzz/seeds and tried here too.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { mutate, randomOf } from "../fuzz/random.ts";
import { faultOf } from "../fuzz/try-parser.ts";
import { PARSERS } from "../support/parsers.ts";

const SEEDS = join(import.meta.dirname, "../fuzz/seeds");

describe.each(PARSERS)("the parser of: $name", (parser) => {
  const { seeds, repair } = parser;

  it("takes its first document, and none of them makes it fail without a code", () => {
    expect(() => parser.parse(seeds[0] ?? Buffer.alloc(0))).not.toThrow();
    for (const seed of seeds) expect(faultOf(parser, seed)).toBeUndefined();
  });

  it("gives a value or a code for any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), (bytes) => {
        expect(faultOf(parser, Buffer.from(bytes))).toBeUndefined();
      }),
      { numRuns: 200 },
    );
  });

  it("gives a value or a code for documents that were changed", () => {
    fc.assert(
      fc.property(fc.nat(seeds.length - 1), fc.nat(seeds.length - 1), fc.nat(2 ** 32 - 1), (one, two, seed) => {
        const bytes = mutate(seeds[one] ?? Buffer.alloc(0), randomOf(seed), seeds[two] ?? Buffer.alloc(0));
        repair?.(bytes);
        expect(faultOf(parser, bytes)).toBeUndefined();
      }),
      { numRuns: 300 },
    );
  });
});

describe("what the fuzzer has found", () => {
  const found = readdirSync(SEEDS).flatMap((name) => readdirSync(join(SEEDS, name)).map((file) => ({ name, file })));

  it.each(found)("is taken or refused: $name/$file", ({ name, file }) => {
    const parser = PARSERS.find((it) => it.name === name);
    if (parser === undefined) throw new Error(`there is no parser for ${name}`);
    expect(faultOf(parser, readFileSync(join(SEEDS, name, file)))).toBeUndefined();
  });
});

it("has each name once", () => {
  expect(new Set(PARSERS.map(({ name }) => name)).size).toBe(PARSERS.length);
});
