/** What a status of bootc means to us: which image is where, and by which of its two backends. Pure. */
import { DIGEST_PATTERN, type Digest, digestOfHex } from "../../oci/digest.ts";
import type { Host, HostBootEntry, ImageReference } from "../host-status.ts";

/**
 * The digest of the image manifest; undefined for an entry that no container image was deployed to. Old composefs hosts
 * leave out the prefix.
 */
export function manifestDigestOf(entry: HostBootEntry | null): Digest | undefined {
  const text = entry?.image?.imageDigest;
  if (text === undefined) return undefined;
  if (DIGEST_PATTERN.test(text)) return text as Digest;
  return /^[0-9a-f]{64}$/.test(text) ? digestOfHex(text) : undefined;
}

/** Of every deployment that there is, whatever its slot. */
export function manifestDigestsOf({ status }: Host): readonly Digest[] {
  const entries = [status.staged, status.booted, status.rollback, ...(status.otherDeployments ?? [])];
  return [...new Set(entries.flatMap((entry) => manifestDigestOf(entry) ?? []))];
}

/** `status.type` is null on composefs hosts, so it says nothing. */
export function isBootedByBootc({ status }: Host): boolean {
  return status.booted !== null && (status.booted.image !== null || status.booted.incompatible);
}

/** By the booted entry: it is made by the backend that the host was installed with. */
export function isComposefs({ status }: Host): boolean {
  return (status.booted ?? status.staged ?? status.rollback)?.composefs != null;
}

/**
 * Whether `rollbackQueued` says which deployment boots next. On composefs with unified kernel images bootc computes it
 * the wrong way round; there only a change of it tells that something changed.
 */
export function tellsBootOrder({ status }: Host): boolean {
  return status.booted?.composefs?.bootType.toLowerCase() !== "uki";
}

/** The same source. The signature policy is not part of it: bootc does not verify signatures of layouts. */
export function isSameReference(a: ImageReference | null, b: ImageReference): boolean {
  return a !== null && a.transport === b.transport && a.image === b.image;
}
