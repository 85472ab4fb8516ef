import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bytesToString, utf8ToByteString } from "../../../src/path.ts";
import { formatTreePath, parseTreePath } from "../../../src/tree/tree-path.ts";
import { codeOf } from "./parse-archive.ts";

const parse = (text: string) => parseTreePath(utf8ToByteString(text));

describe("a name of an archive", () => {
  it.each([
    ["etc/hosts", ["etc", "hosts"]],
    ["./etc/hosts", ["etc", "hosts"]],
    ["etc/", ["etc"]],
    ["etc//./hosts", ["etc", "hosts"]],
    [".", []],
    ["./", []],
    ["/", []],
    ["...", ["..."]],
    ["a\\..\\b", ["a\\..\\b"]],
    ["..a/b..", ["..a", "b.."]],
  ])("%j is the path %j", (text, path) => {
    expect(parse(text)).toEqual(path);
  });

  it.each([
    ["", "TREE_NAME_INVALID"],
    ["a\0b", "TREE_NAME_INVALID"],
    ["/etc/hosts", "TREE_NAME_ABSOLUTE"],
    ["//etc", "TREE_NAME_ABSOLUTE"],
    ["..", "TREE_NAME_PARENT"],
    ["a/../b", "TREE_NAME_PARENT"],
    ["a/..", "TREE_NAME_PARENT"],
    ["/../etc", "TREE_NAME_PARENT"],
    ["x".repeat(256), "TREE_NAME_TOO_LONG"],
    ["a/".repeat(2048), "TREE_NAME_TOO_LONG"],
    ["a/".repeat(257), "TREE_TOO_DEEP"],
  ])("%j is refused by %s (BF-7.2)", (text, code) => {
    expect(codeOf(() => parse(text))).toBe(code);
  });

  it("may have 255 bytes a component and 256 components", () => {
    expect(parse("x".repeat(255))).toHaveLength(1);
    expect(parse("a/".repeat(256))).toHaveLength(256);
  });

  it("keeps bytes that are not UTF-8", () => {
    expect(parseTreePath(bytesToString(Buffer.from([0xff, 0x2f, 0xc3])))).toEqual(["\xff", "\xc3"]);
  });

  it("is parsed back from what it is formatted to", () => {
    const name = fc
      .uint8Array({ minLength: 1, maxLength: 20 })
      .map((bytes) => bytesToString(bytes.map((byte) => (byte === 0 || byte === 0x2f ? 1 : byte))))
      .filter((text) => text !== "." && text !== "..");
    fc.assert(
      fc.property(fc.array(name, { maxLength: 20 }), (path) => {
        expect(parseTreePath(formatTreePath(path))).toEqual(path);
      }),
    );
  });
});
