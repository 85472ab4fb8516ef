import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatImageDigest } from "../../../src/composefs/image-digest.ts";
import {
  type BaseName,
  formatObjectList,
  MAX_OBJECT_LIST_BYTES,
  type ObjectList,
  parseObjectList,
} from "../../../src/composefs/object-list.ts";
import { verityOf } from "../../../src/composefs/verity.ts";
import { digestOf } from "../../../src/oci/digest.ts";

const name = (seed: number | string) => verityOf(Buffer.from(String(seed)));
const tree = (seed: number) => formatImageDigest(name(seed));
const base = (seed: number): BaseName => ({
  name: "kiosk-os",
  version: `42.${seed}.0~rc1`,
  sequence: seed + 1,
  payloadDigest: digestOf(String(seed)),
  tree: seed % 2 === 0 ? tree(seed) : null,
});

const LIST: ObjectList = {
  tree: tree(9),
  bases: [base(0)],
  objects: new Map([
    [name(1), 100],
    [name(2), 4096],
  ]),
};
const LINES = formatObjectList(LIST).toString().split("\n").slice(0, -1);
const [FIRST = "", TREE = "", BASE = "", ONE = "", TWO = ""] = LINES;

const parse = (lines: readonly string[]) => parseObjectList(Buffer.from(lines.map((line) => `${line}\n`).join("")));

describe("the list of an object pack", () => {
  it("comes back as it was written, sorted, whatever order its parts came in", () => {
    const objects = fc.uniqueArray(fc.tuple(fc.integer(), fc.integer({ min: 1, max: 2 ** 40 })), {
      selector: ([seed]) => seed,
    });
    const bases = fc.uniqueArray(fc.nat(1000), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(objects, bases, (sizes, seeds) => {
        const list: ObjectList = {
          tree: tree(1),
          bases: seeds.map(base),
          objects: new Map(sizes.map(([seed, size]) => [name(seed), size])),
        };
        const bytes = formatObjectList(list);
        const parsed = parseObjectList(bytes);
        expect(new Map(parsed.objects)).toEqual(list.objects);
        expect(new Set(parsed.bases)).toEqual(new Set(list.bases));
        expect([...parsed.objects.keys()]).toEqual([...list.objects.keys()].sort());
        const reversed = { ...list, bases: list.bases.toReversed(), objects: new Map([...list.objects].toReversed()) };
        expect(formatObjectList(reversed)).toEqual(bytes);
      }),
    );
  });

  it("names releases for a target without a tree, and then no objects", () => {
    const list: ObjectList = { tree: null, bases: [base(1)], objects: new Map() };
    expect(parseObjectList(formatObjectList(list))).toEqual(list);
  });

  it.each<[string, readonly string[]]>([
    ["is empty", []],
    ["begins with something else", ["bootferry-objects 2", TREE, BASE, ONE]],
    ["names no tree", [FIRST, BASE, ONE]],
    ["names a tree of another format", [FIRST, "tree v2-sha256-12:00", BASE, ONE]],
    ["names no base", [FIRST, TREE, ONE]],
    ["names a base without its tree", [FIRST, TREE, BASE.split(" ").slice(0, -1).join(" "), ONE]],
    ["names a base with control characters", [FIRST, TREE, BASE.replace("42", "4\u001b2"), ONE]],
    ["names a base twice", [FIRST, TREE, BASE, BASE, ONE]],
    ["names over 64 bases", [FIRST, TREE, ...baseLines(65), ONE]],
    ["has objects and no tree", [FIRST, "tree -", BASE, ONE]],
    ["has an object of no bytes", [FIRST, TREE, BASE, `${name(1)} 0`]],
    ["has a size with a leading zero", [FIRST, TREE, BASE, `${name(1)} 0100`]],
    ["has a size with a sign", [FIRST, TREE, BASE, `${name(1)} +100`]],
    ["has a name in capitals", [FIRST, TREE, BASE, ONE.toUpperCase()]],
    ["has two spaces", [FIRST, TREE, BASE, ONE.replace(" ", "  ")]],
    ["has a carriage return", [FIRST, TREE, BASE, `${ONE}\r`]],
    ["has an empty line", [FIRST, TREE, BASE, ONE, ""]],
    ["has sizes that cannot be counted", [FIRST, TREE, BASE, ...objectLines(2, "9007199254740991")]],
  ])("is refused when it %s (BF-10.3)", (_, lines) => {
    expect(() => parse(lines)).toThrow(expect.objectContaining({ code: "COMPOSEFS_OBJECT_LIST_INVALID" }));
  });

  it.each<[string, readonly string[]]>([
    ["stand in another order", [TWO, ONE].toSorted().toReversed()],
    ["stand twice", [ONE, ONE]],
    ["stand twice with other sizes", [ONE, ONE.replace(/ .*/, " 7")]],
  ])("is refused when objects %s (BF-10.4)", (_, objects) => {
    expect(() => parse([FIRST, TREE, BASE, ...objects])).toThrow(
      expect.objectContaining({ code: "COMPOSEFS_OBJECT_LIST_INVALID" }),
    );
  });

  it("is refused without the end of its last line, and when it is too long (BF-10.2, BF-10.3)", () => {
    const whole = formatObjectList(LIST);
    expect(() => parseObjectList(whole.subarray(0, -1))).toThrow(/last line/);
    expect(() => parseObjectList(Buffer.alloc(MAX_OBJECT_LIST_BYTES + 1, "\n"))).toThrow(/bytes/);
  });

  it("is parsed or refused with its code, whatever bytes it has", () => {
    const whole = formatObjectList(LIST);
    const change = fc.tuple(fc.nat(whole.length - 1), fc.nat(255));
    fc.assert(
      fc.property(fc.array(change, { maxLength: 4 }), (changes) => {
        const bytes = Buffer.from(whole);
        for (const [at, value] of changes) bytes[at] = value;
        try {
          expect(formatObjectList(parseObjectList(bytes))).toEqual(bytes); // one list has one spelling
        } catch (error) {
          expect(error).toMatchObject({ code: "COMPOSEFS_OBJECT_LIST_INVALID" });
        }
      }),
    );
  });
});

function baseLines(count: number): readonly string[] {
  const bases = Array.from({ length: count }, (_, seed) => base(seed));
  return formatObjectList({ tree: null, bases, objects: new Map() }).toString().split("\n").slice(2, -1);
}

function objectLines(count: number, size: string): readonly string[] {
  return Array.from({ length: count }, (_, seed) => `${name(seed)} ${size}`).sort();
}
