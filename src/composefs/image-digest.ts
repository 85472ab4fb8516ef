/**
 * The digest that names a tree: the fs-verity digest of its image, with the format that the image is in
 * (BF-8.3 of `bundle-format/tree.md`). composefs-rs writes kernel command lines in the same way.
 */
import type { ContentDigest } from "../tree/node.ts";
import { ComposefsError } from "./error.ts";

declare const imageDigest: unique symbol;

/** `v1-sha256-12:` and 64 lower-case hexadecimal digits. */
export type ImageDigest = string & { readonly [imageDigest]: true };

/** composefs format V1, fs-verity with sha256 and blocks of 2^12 bytes. */
const PREFIX = "v1-sha256-12:";

const IMAGE_DIGEST_PATTERN = /^v1-sha256-12:[0-9a-f]{64}$/;

/** @throws ComposefsError COMPOSEFS_DIGEST_INVALID */
export function parseImageDigest(text: string): ImageDigest {
  if (!IMAGE_DIGEST_PATTERN.test(text))
    throw new ComposefsError("COMPOSEFS_DIGEST_INVALID", `not a composefs image digest: ${JSON.stringify(text)}`);
  return text as ImageDigest;
}

/** @param digest of the bytes of the image */
export function formatImageDigest(digest: ContentDigest): ImageDigest {
  return `${PREFIX}${digest}` as ImageDigest;
}

/** The fs-verity digest of the image's bytes: also the name of its file below `images/`. */
export function imageDigestHex(digest: ImageDigest): ContentDigest {
  return digest.slice(PREFIX.length) as ContentDigest;
}
