/** Content digests (OCI image-spec 1.1, descriptor.md, section "Digests"); sha256 is the only algorithm we write or accept. */
import { createHash } from "node:crypto";
import { OciError } from "./error.ts";

declare const digest: unique symbol;

/** `sha256:` and 64 lower-case hexadecimal digits. */
export type Digest = string & { readonly [digest]: true };

export const DIGEST_PATTERN = /^sha256:[0-9a-f]{64}$/;

/** @throws OciError OCI_DIGEST_INVALID */
export function parseDigest(text: string): Digest {
  if (!DIGEST_PATTERN.test(text))
    throw new OciError("OCI_DIGEST_INVALID", `not a sha256 digest: ${JSON.stringify(text)}`);
  return text as Digest;
}

/** The digest of a whole document. */
export function digestOf(bytes: Uint8Array | string): Digest {
  return digestOfHex(createHash("sha256").update(bytes).digest("hex"));
}

/** @param hex the 64 digits that a sha256 implementation of ours has just made */
export function digestOfHex(hex: string): Digest {
  return `sha256:${hex}` as Digest;
}

/** The digits without the algorithm: the name of the blob's file below `blobs/sha256/`. */
export function digestHex(value: Digest): string {
  return value.slice("sha256:".length);
}
