/** How the content of a file enters a tree: small content as bytes, other content by its digest (BF-7.9). */
import type { ContentDigester } from "../tree/layer-merge.ts";
import { type FileContent, MAX_INLINE_BYTES } from "../tree/node.ts";
import { ComposefsError } from "./error.ts";
import { VerityHasher } from "./verity.ts";

/**
 * A maker of digesters for a LayerMerge. They share one hasher: a digester is used up before the next one is opened.
 *
 * `end` throws ComposefsError COMPOSEFS_CONTENT_SIZE_MISMATCH when other than `sizeBytes` bytes came.
 */
export function contentDigesters(): (sizeBytes: number) => ContentDigester {
  const hasher = new VerityHasher();
  return (sizeBytes) => (sizeBytes <= MAX_INLINE_BYTES ? inlineDigester(sizeBytes) : objectDigester(sizeBytes, hasher));
}

function inlineDigester(sizeBytes: number): ContentDigester {
  const bytes = new Uint8Array(sizeBytes);
  let length = 0;
  return {
    write(chunk) {
      if (length + chunk.length <= sizeBytes) bytes.set(chunk, length);
      length += chunk.length;
    },
    end(): FileContent {
      checkSize(sizeBytes, length);
      return { kind: "inline", bytes };
    },
  };
}

function objectDigester(sizeBytes: number, hasher: VerityHasher): ContentDigester {
  let length = 0;
  return {
    write(chunk) {
      length += chunk.length;
      hasher.update(chunk);
    },
    end(): FileContent {
      const digest = hasher.digest();
      checkSize(sizeBytes, length);
      return { kind: "object", digest, sizeBytes };
    },
  };
}

function checkSize(expected: number, got: number): void {
  if (got !== expected)
    throw new ComposefsError(
      "COMPOSEFS_CONTENT_SIZE_MISMATCH",
      `content of a file: expected ${expected} bytes, got ${got}`,
    );
}
