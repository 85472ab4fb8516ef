/** The trust roots on a medium, for people and for `--json`. */
import type { CarriedRoot } from "../bundle/read-root.ts";

/** They are signed by themselves; whether a device follows them depends on the root that it has. */
export function carriedRootFacts({ root, manifestDigest }: CarriedRoot) {
  const { version, digest, document } = root;
  return { version, digest, manifestDigest, createdAt: document.createdAt, expiresAt: document.expiresAt };
}

export function describeCarriedRoot({ root: { version, digest, document } }: CarriedRoot): string {
  return `root version ${version}  ${document.createdAt}  ${digest.slice(0, 19)}`;
}
