import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { digestHex, digestOf, digestOfHex, parseDigest } from "../../../src/oci/digest.ts";

describe("a digest", () => {
  it("is the sha256 of the content", () => {
    expect(digestOf("abc")).toBe("sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"); // FIPS 180-2
    expect(digestOf(Buffer.from("abc"))).toBe(digestOf("abc"));
  });

  it("is parsed as it is written", () => {
    fc.assert(
      fc.property(fc.string(), (content) => {
        const digest = digestOf(content);
        expect(parseDigest(digest)).toBe(digest);
        expect(digestOfHex(digestHex(digest))).toBe(digest);
      }),
    );
  });

  const hex = digestHex(digestOf(""));
  it.each([
    hex,
    `sha512:${hex}${hex}`,
    `sha256:${hex.toUpperCase()}`,
    `sha256:${hex.slice(1)}`,
    `sha256:${hex}0`,
    `sha256:../../${hex.slice(6)}`,
    `sha256:${hex}\n`,
    "",
  ])("is refused as %j", (text) => {
    expect(() => parseDigest(text)).toThrow(expect.objectContaining({ code: "OCI_DIGEST_INVALID" }));
  });
});
