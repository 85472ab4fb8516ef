import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parsePaxNumber, parsePaxRecords, parsePaxTime } from "../../../src/tree/pax-records.ts";
import { codeOf } from "./parse-archive.ts";
import { paxRecord } from "./tar-bytes.ts";

const bytes = (text: string) => Buffer.from(text, "latin1");

describe("records of a PAX header", () => {
  it("keep values as bytes, with newlines, equals signs and NULs in them", () => {
    const value = "a=b\nc\0\xff";
    const records = parsePaxRecords(bytes(paxRecord("SCHILY.xattr.user.x", value) + paxRecord("path", "p")));
    expect([...records].map(([key, part]) => [key, Buffer.from(part).toString("latin1")])).toEqual([
      ["SCHILY.xattr.user.x", value],
      ["path", "p"],
    ]);
  });

  it("count where they come last", () => {
    expect([...parsePaxRecords(bytes(paxRecord("path", "a") + paxRecord("path", "b"))).values()]).toEqual([bytes("b")]);
  });

  it.each([
    ["a length beyond the header", "20 path=a\n"],
    ["no newline at the end", "9 path=ab"],
    ["a length that ends too early", "5 path=a\n"],
    ["a length of zero", "0 path=a\n"],
    ["a length that is no number", "x path=a\n"],
    ["a length in hexadecimal", "0x9 path=a\n"],
    ["a length with a sign", "-9 path=a\n"],
    ["a length without end", "99999999999999999999 path=a\n"],
    ["no equals sign", "9 patha\n\n"],
    ["no key", "5 =ab\n"],
    ["a NUL in the key", "10 pa\0h=ab\n"],
    ["bytes of zero behind the records", `${paxRecord("path", "a")}\0\0`],
  ])("are refused with %s", (_, body) => {
    expect(codeOf(() => parsePaxRecords(bytes(body)))).toBe("TREE_EXTENSION_INVALID");
  });

  it("are parsed back from what they are formatted to", () => {
    const key = fc.stringMatching(/^[a-zA-Z.]{1,40}$/);
    const value = fc.uint8Array({ maxLength: 300 });
    fc.assert(
      fc.property(fc.array(fc.tuple(key, value), { maxLength: 10 }), (pairs) => {
        const body = pairs.map(([name, part]) => paxRecord(name, Buffer.from(part).toString("latin1"))).join("");
        const expected = new Map(pairs.map(([name, part]) => [name, Buffer.from(part)]));
        expect(new Map([...parsePaxRecords(bytes(body))])).toEqual(expected);
      }),
    );
  });
});

describe("a time of a PAX header", () => {
  it.each([
    ["0", 0],
    ["1700000000.987654321", 1_700_000_000],
    ["1.", 1],
    ["-1", -1],
    ["-1.5", -2],
    ["-1.000", -1],
    ["-0.25", -1],
    ["-0", 0],
  ])("%j is second %d", (text, seconds) => {
    expect(parsePaxTime(bytes(text), "mtime")).toBe(seconds);
  });

  it.each(["", "x", "1e9", "+1", " 1", "1.2.3", "--1", "99999999999999999999"])("%j is refused", (text) => {
    expect(codeOf(() => parsePaxTime(bytes(text), "mtime"))).toBe("TREE_NUMBER_INVALID");
  });
});

describe("a number of a PAX header", () => {
  it.each([
    ["0", 0],
    ["8589934592", 2 ** 33],
    ["007", 7],
  ])("%j is %d", (text, value) => {
    expect(parsePaxNumber(bytes(text), "size")).toBe(value);
  });

  it.each(["", "-1", "1.5", "0x10", "9007199254740993", "99999999999999999999"])("%j is refused", (text) => {
    expect(codeOf(() => parsePaxNumber(bytes(text), "size"))).toBe("TREE_NUMBER_INVALID");
  });
});
