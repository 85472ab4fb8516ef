/** Names of objects: files in the store that hold the content of one or more files of a tree (BF-8.2). */
import { parseRelPath, type RelPath } from "../path.ts";
import type { ContentDigest } from "../tree/node.ts";
import { ComposefsError } from "./error.ts";

const CONTENT_DIGEST_PATTERN = /^[0-9a-f]{64}$/;

/** @throws ComposefsError COMPOSEFS_DIGEST_INVALID */
export function parseContentDigest(text: string): ContentDigest {
  if (!CONTENT_DIGEST_PATTERN.test(text))
    throw new ComposefsError("COMPOSEFS_DIGEST_INVALID", `not an fs-verity digest: ${JSON.stringify(text)}`);
  return text as ContentDigest;
}

/** Where the object lies below the directory of objects: `ab/cdef…`. */
export function objectPath(digest: ContentDigest): RelPath {
  return parseRelPath(`${digest.slice(0, 2)}/${digest.slice(2)}`);
}
