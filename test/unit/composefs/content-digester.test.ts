import { describe, expect, it } from "vitest";
import { contentDigesters } from "../../../src/composefs/content-digester.ts";
import { verityOf } from "../../../src/composefs/verity.ts";
import { codeOf } from "./code-of.ts";

describe("content", () => {
  it.each([0, 1, 64])("of %d bytes stands in the tree", (length) => {
    const digester = contentDigesters()(length);
    const bytes = Buffer.alloc(length, "x");
    digester.write(bytes.subarray(0, length / 2));
    digester.write(bytes.subarray(length / 2));
    expect(digester.end()).toEqual({ kind: "inline", bytes: Uint8Array.from(bytes) });
  });

  it("of 65 bytes and more is an object, one after the other", () => {
    const open = contentDigesters();
    for (const length of [65, 100_000]) {
      const bytes = Buffer.alloc(length, "x");
      const digester = open(length);
      digester.write(bytes.subarray(0, 10));
      digester.write(bytes.subarray(10));
      expect(digester.end()).toEqual({ kind: "object", digest: verityOf(bytes), sizeBytes: length });
    }
  });

  it.each([
    [10, 9],
    [10, 11],
    [64, 1000],
    [100, 99],
    [100, 101],
  ])("said to be of %d bytes is refused with %d", (expected, got) => {
    const digester = contentDigesters()(expected);
    digester.write(Buffer.alloc(got));
    expect(codeOf(() => digester.end())).toBe("COMPOSEFS_CONTENT_SIZE_MISMATCH");
  });
});
