import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readTarNumber } from "../../../src/tree/tar-number.ts";
import { codeOf } from "./parse-archive.ts";
import { base256 } from "./tar-bytes.ts";

const read = (text: string) => readTarNumber(Buffer.from(text, "latin1"), 0, text.length, "size");

describe("a number of a tar header", () => {
  it.each([
    ["0000644\0", 0o644],
    ["   644 \0", 0o644],
    ["000644 \0", 0o644],
    ["77777777777\0", 2 ** 33 - 1],
    ["777777777777", 2 ** 36 - 1],
    ["\0\0\0\0\0\0\0\0", 0],
    ["        ", 0],
    ["", 0],
    ["12\0garbage", 0o12],
    [base256(8_589_934_592n, 12), 2 ** 33],
    [base256(-1n, 12), -1],
    [base256(-86_400n, 12), -86_400],
    [base256(2n ** 53n - 1n, 12), 2 ** 53 - 1],
    [base256(70_000n, 8), 70_000],
  ])("%j is %d", (text, value) => {
    expect(read(text)).toBe(value);
  });

  it.each([
    "0000888\0",
    "-000001\0",
    "0x1ff\0",
    "12 3\0",
    "6a\0",
    base256(-(2n ** 53n), 12),
    base256(2n ** 60n, 12),
    base256(-(2n ** 60n), 12),
  ])("%j is refused", (text) => {
    expect(codeOf(() => read(text))).toBe("TREE_NUMBER_INVALID");
  });

  it("is read in base 256 as it was written", () => {
    fc.assert(fc.property(fc.maxSafeInteger(), (value) => read(base256(BigInt(value), 12)) === value));
  });
});
