import { describe, expect, it } from "vitest";
import { formatImageDigest, imageDigestHex, parseImageDigest } from "../../../src/composefs/image-digest.ts";
import { objectPath, parseContentDigest } from "../../../src/composefs/object-name.ts";
import { codeOf } from "./code-of.ts";

const HEX = "0123456789abcdef".repeat(4);

describe("the digest of an object", () => {
  it("is the object's name, below a directory of its first two digits", () => {
    expect(objectPath(parseContentDigest(HEX))).toBe(`01/${HEX.slice(2)}`);
  });

  it.each([
    "",
    HEX.slice(1),
    `${HEX}0`,
    HEX.toUpperCase(),
    `sha256:${HEX}`,
    `${HEX.slice(1)}g`,
    `${HEX}\n`,
    `../${HEX.slice(3)}`,
  ])("is not %j", (text) => {
    expect(codeOf(() => parseContentDigest(text))).toBe("COMPOSEFS_DIGEST_INVALID");
  });
});

describe("the digest of an image", () => {
  it("says the format and the digest", () => {
    const digest = formatImageDigest(parseContentDigest(HEX));
    expect(digest).toBe(`v1-sha256-12:${HEX}`);
    expect(parseImageDigest(digest)).toBe(digest);
    expect(imageDigestHex(digest)).toBe(HEX);
  });

  it.each([
    HEX,
    `sha256:${HEX}`,
    `v1-sha512-12:${HEX}`,
    `v2-sha256-12:${HEX}`,
    `v1-sha256-12:${HEX}0`,
    `v1-sha256-12:${HEX}\n`,
  ])("is not %j", (text) => {
    expect(codeOf(() => parseImageDigest(text))).toBe("COMPOSEFS_DIGEST_INVALID");
  });
});
