import { expect, it } from "vitest";
import { xxh32 } from "../../../src/composefs/xxh32.ts";

// Of the reference implementation (`xxhsum -H0`) and its sanity test.
it.each([
  ["", 0, 0x02cc5d05],
  ["", 0x9e3779b1, 0x36b78ae7],
  ["a", 0, 0x550d7456],
  ["abc", 0, 0x32d153ff],
  ["Nobody inspects the spammish repetition", 0, 0xe2293b2f],
])("XXH32 of %j with seed %d is %d", (text, seed, hash) => {
  expect(xxh32(Buffer.from(text), seed)).toBe(hash);
});
