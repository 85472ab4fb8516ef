import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseStrictJson } from "../../../src/oci/strict-json.ts";

const LIMITS = { maxBytes: 1000, maxDepth: 4 };
const parse = (text: string | Buffer, limits = LIMITS) => parseStrictJson(Buffer.from(text), "a document", limits);

function codeOf(text: string | Buffer, limits = LIMITS): string | undefined {
  try {
    parse(text, limits);
    return undefined;
  } catch (error) {
    return (error as { code?: string }).code;
  }
}

describe("strict JSON", () => {
  it("reads what JSON.parse reads, for every value", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(0, 2), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        expect(parse(text, { maxBytes: 1 << 20, maxDepth: 1000 })).toEqual(JSON.parse(text));
      }),
    );
  });

  it("refuses what JSON.parse refuses, for every text", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'{}[]",:\\ 0-1.e+truefalsn\u0000\u2028a') }), (text) => {
        let isJson = true;
        try {
          JSON.parse(text);
        } catch {
          isJson = false;
        }
        if (isJson) expect([undefined, "OCI_JSON_DUPLICATE_KEY", "OCI_JSON_TOO_DEEP"]).toContain(codeOf(text));
        else expect(codeOf(text)).toMatch(/^OCI_JSON_/);
      }),
      { numRuns: 500 },
    );
  });

  it("finds every key that stands twice, however deep, and no other (BF-1.8)", () => {
    const key = fc.constantFrom("a", "b", "\\u0061", "\\", '"', "{", "", "é", "__proto__");
    const spelling = fc.constantFrom<(text: string) => string>(
      (text) => JSON.stringify(text),
      (text) => `"${[...text].map((it) => `\\u${it.charCodeAt(0).toString(16).padStart(4, "0")}`).join("")}"`,
    );
    type Node = { readonly text: string; readonly hasTwice: boolean };
    const { tree } = fc.letrec<{ tree: Node; object: Node; list: Node; leaf: Node }>((tie) => ({
      tree: fc.oneof({ maxDepth: 4 }, tie("leaf"), tie("object"), tie("list")),
      leaf: fc.constantFrom("1", '"x"', '"{\\"a\\":1,\\"a\\":2}"', "null").map((text) => ({ text, hasTwice: false })),
      list: fc.array(tie("tree"), { maxLength: 3 }).map((nodes) => ({
        text: `[${nodes.map(({ text }) => text).join(",")}]`,
        hasTwice: nodes.some(({ hasTwice }) => hasTwice),
      })),
      object: fc.array(fc.tuple(key, spelling, tie("tree")), { maxLength: 4 }).map((members) => ({
        text: `{${members.map(([name, spell, { text }]) => `${spell(name)} : ${text}`).join(" ,")}}`,
        hasTwice:
          new Set(members.map(([name]) => name)).size < members.length || members.some(([, , node]) => node.hasTwice),
      })),
    }));
    const limits = { maxBytes: 1 << 20, maxDepth: 100 };
    fc.assert(
      fc.property(tree, ({ text, hasTwice }) => {
        expect(codeOf(text, limits), text).toBe(hasTwice ? "OCI_JSON_DUPLICATE_KEY" : undefined);
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ["two equal keys", '{"a":1,"a":1}', "OCI_JSON_DUPLICATE_KEY"],
    ["two spellings of one key", '{"a":1,"\\u0061":2}', "OCI_JSON_DUPLICATE_KEY"],
    ["two equal keys after a list", '{"a":[{"b":1}],"a":2}', "OCI_JSON_DUPLICATE_KEY"],
    ["two equal keys in an object within a list", '[1,{"a":[],"b":{},"a":0}]', "OCI_JSON_DUPLICATE_KEY"],
    ["equal keys in different objects", '{"a":{"a":1},"b":{"a":1}}', undefined],
    ["a value that looks like keys", '{"a":"\\"a\\":1","b":"a"}', undefined],
    ["strings in a list that are equal", '["a","a",{"a":"a"}]', undefined],
    ["four levels", "[[[[]]]]", undefined],
    ["five levels", "[[[[[]]]]]", "OCI_JSON_TOO_DEEP"],
    ["brackets in a string", '["[[[[[[[[[[[["]', undefined],
    ["an escaped quote before brackets", '["\\"[[[[[[[["]', undefined],
    ["many levels that never close", "[".repeat(900), "OCI_JSON_TOO_DEEP"],
    ["a string that never closes", '["[[[[[[[[', "OCI_JSON_INVALID"],
    ["a byte order mark", "\ufeff{}", "OCI_JSON_INVALID"],
    ["nothing", "", "OCI_JSON_INVALID"],
    ["a comment", "{} // no", "OCI_JSON_INVALID"],
    ["two values", "{}{}", "OCI_JSON_INVALID"],
    ["NaN", "NaN", "OCI_JSON_INVALID"],
    ["a key that is no string", "{a:1}", "OCI_JSON_INVALID"],
    ["a comma at the end", '{"a":1,}', "OCI_JSON_INVALID"],
  ])("judges %s", (_, text, code) => {
    expect(codeOf(text)).toBe(code);
  });

  it.each([
    ["a lone continuation byte", Buffer.from([0x22, 0x80, 0x22])],
    ["an overlong slash", Buffer.from([0x22, 0xc0, 0xaf, 0x22])],
    ["half of a surrogate pair", Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22])],
    ["UTF-16", Buffer.from("{}", "utf16le")],
  ])("refuses bytes that are not UTF-8: %s", (_, bytes) => {
    expect(codeOf(bytes)).toBe("OCI_JSON_INVALID");
  });

  it("counts bytes, not characters, and before it decodes", () => {
    expect(codeOf(`"${"a".repeat(998)}"`)).toBeUndefined();
    expect(codeOf(`"${"a".repeat(999)}"`)).toBe("OCI_JSON_TOO_LARGE");
    expect(codeOf(`"${"ä".repeat(500)}"`)).toBe("OCI_JSON_TOO_LARGE");
  });

  it("keeps a key that is called __proto__ a key", () => {
    const value = parse('{"__proto__":{"polluted":true}}') as object;
    expect(Object.hasOwn(value, "__proto__")).toBe(true);
    expect("polluted" in value).toBe(false);
  });

  it.each([
    ["quotes that never close", '"'.padEnd(4_000_000, '\\"'), "OCI_JSON_INVALID"],
    ["backslashes", '"'.padEnd(4_000_000, "\\"), "OCI_JSON_INVALID"],
    ["opened objects", '{"":'.repeat(1_000_000), "OCI_JSON_TOO_DEEP"],
    ["keys", `{${Array.from({ length: 300_000 }, (_, index) => `"k${index}":1`).join(",")}}`, undefined],
    ["one long string", `"${"\\n".repeat(2_000_000)}"`, undefined],
  ])("takes time in proportion to its size for 4 MB of %s", (_, text, code) => {
    // a reader that takes the square of it does not end within the time of a test
    expect(codeOf(text, { maxBytes: 5 << 20, maxDepth: 32 })).toBe(code);
  });

  it("names the document in its errors", () => {
    expect(() => parse("{")).toThrow(/^a document is not acceptable JSON: /);
  });
});
