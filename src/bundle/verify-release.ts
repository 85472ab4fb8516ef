/** From a release as found to a release that may be believed. The one maker of {@link VerifiedRelease}. */
import { type Digest, digestOf } from "../oci/digest.ts";
import { type VerifiedPayload, verifyEnvelope } from "../trust/dsse.ts";
import { TrustError } from "../trust/error.ts";
import type { KeyId } from "../trust/keys.ts";
import type { TrustedRoot } from "../trust/root.ts";
import type { Role } from "../trust/root-document.ts";
import { STATEMENT_PAYLOAD_TYPE } from "./media-type.ts";
import type { UnverifiedRelease } from "./read-release.ts";
import { parseStatement, type Statement } from "./statement.ts";

declare const verifiedRelease: unique symbol;

/** A statement that the root's keys have signed. Made by {@link verifyRelease} alone. */
export interface VerifiedRelease {
  readonly [verifiedRelease]: true;
  readonly statement: Statement;
  /** Names the release: the same whoever signed it and wherever it is stored. */
  readonly payloadDigest: Digest;
  /** The distinct keys that were counted, of all roles, sorted. */
  readonly signedBy: readonly KeyId[];
  readonly manifestDigest: Digest;
  /** The root that vouches for it. */
  readonly root: TrustedRoot;
}

/**
 * Checks the signatures of a release against the root, that neither it nor its keys are revoked, and reads its
 * statement. Says nothing about whether the release fits a device, is new, or has all its blobs.
 * @throws TrustError TRUST_PAYLOAD_TYPE, TRUST_KEY_UNKNOWN, TRUST_KEY_REVOKED, TRUST_SIGNATURE_INVALID,
 * TRUST_THRESHOLD_NOT_MET, TRUST_ROLE_MISSING, TRUST_RELEASE_REVOKED; BundleError and OciError as `parseStatement`
 */
export function verifyRelease(unverified: UnverifiedRelease, root: TrustedRoot): VerifiedRelease {
  const { payload, signedBy } = verifyRole(unverified, root, "release");
  const isCountersigned = root.roleKeys("countersign") !== undefined;
  const countersignedBy = isCountersigned ? verifyRole(unverified, root, "countersign").signedBy : []; // BF-3.8
  const payloadDigest = digestOf(payload);
  if (root.document.revokedReleases.includes(payloadDigest)) {
    throw new TrustError(
      "TRUST_RELEASE_REVOKED",
      `release ${payloadDigest} is revoked by root version ${root.version}`,
    ); // BF-3.10
  }
  const release: Omit<VerifiedRelease, typeof verifiedRelease> = {
    statement: parseStatement(payload), // BF-4.1: read only now that it is known who signed it
    payloadDigest,
    signedBy: [...new Set([...signedBy, ...countersignedBy])].sort(),
    manifestDigest: unverified.manifestDigest,
    root,
  };
  return release as VerifiedRelease;
}

function verifyRole({ envelope }: UnverifiedRelease, root: TrustedRoot, role: Role): VerifiedPayload {
  const { keys, revokedKeys, roles } = root.document;
  return verifyEnvelope(envelope, {
    payloadType: STATEMENT_PAYLOAD_TYPE,
    role,
    keys: root.roleKeys(role)?.keys ?? [],
    threshold: roles[role]?.threshold ?? Number.POSITIVE_INFINITY, // a role without keys lets nothing through
    revokedKeys,
    otherKeys: keys.map(({ keyId }) => keyId),
  });
}
