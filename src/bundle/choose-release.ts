/**
 * Which of the verified releases on a medium this device should install (bundle-format/spec.md, section 6). Pure: what
 * is on the medium, what the device is and what it remembers go in; a decision with all its reasons comes out.
 */
import { CodedError } from "../error.ts";
import type { Digest } from "../oci/digest.ts";
import { TrustError } from "../trust/error.ts";
import { evaluateExpiry } from "../trust/expiry.ts";
import { evaluateRollback, floorOf, nameRefusal, rollbackRefusal } from "../trust/rollback-policy.ts";
import type { TrustState } from "../trust/state.ts";
import { type DeviceIdentity, evaluateApplicability } from "./applicability.ts";
import { BundleError } from "./error.ts";
import type { Target } from "./statement.ts";
import type { VerifiedRelease } from "./verify-release.ts";

/** Why a release (or, without a digest, the medium as a whole) is not installed. */
export interface RefusalReason {
  readonly payloadDigest?: Digest;
  readonly reason: CodedError;
}

export type ReleaseChoice =
  | { readonly kind: "install"; readonly release: VerifiedRelease; readonly target: Target }
  /** The newest fitting release is one that this device has confirmed, and it is there. */
  | { readonly kind: "current"; readonly release: VerifiedRelease; readonly target: Target }
  /** Never without a reason; the first one is the most telling. */
  | { readonly kind: "nothing"; readonly reasons: readonly [RefusalReason, ...RefusalReason[]] };

export interface ChoiceOptions {
  /** The clock, only when it is known to be synchronised. */
  readonly synchronisedNowUtc?: Date | undefined;
  /**
   * Payload digests of what runs or can be gone back to. A release that was confirmed and is not among them is installed
   * again; by default the one that was confirmed last counts as being there.
   */
  readonly deployedPayloads?: ReadonlySet<Digest> | undefined;
}

interface Fitting {
  readonly release: VerifiedRelease;
  readonly target: Target;
  readonly isCurrent: boolean;
}

/** @param followName the one release name that this device installs */
export function chooseRelease(
  candidates: readonly VerifiedRelease[],
  device: DeviceIdentity,
  state: TrustState,
  followName: string,
  options: ChoiceOptions = {},
): ReleaseChoice {
  const fitting: Fitting[] = [];
  const reasons: RefusalReason[] = [];
  const followed = candidates.filter(({ statement }) => statement.name === followName);
  for (const release of followed.toSorted((a, b) => b.statement.sequence - a.statement.sequence)) {
    const verdict = evaluateCandidate(release, device, state, options);
    if (verdict instanceof CodedError) reasons.push({ payloadDigest: release.payloadDigest, reason: verdict });
    else fitting.push(verdict);
  }
  reasons.push(...candidates.filter((release) => !followed.includes(release)).map((it) => notFollowed(it, followName)));
  const [best] = fitting;
  if (best === undefined) {
    const [first = { reason: new BundleError("BUNDLE_NO_RELEASE", "there is no release on the medium") }, ...rest] =
      reasons;
    return { kind: "nothing", reasons: [first, ...rest] };
  }
  const rival = fitting.find(
    ({ release: { statement, payloadDigest } }) =>
      statement.sequence === best.release.statement.sequence && payloadDigest !== best.release.payloadDigest,
  );
  if (rival !== undefined) return { kind: "nothing", reasons: [conflict(best.release), conflict(rival.release)] }; // BF-6.4
  return { kind: best.isCurrent ? "current" : "install", release: best.release, target: best.target };
}

/** What the candidate is for this device, or why it is nothing. */
function evaluateCandidate(
  release: VerifiedRelease,
  device: DeviceIdentity,
  state: TrustState,
  { synchronisedNowUtc, deployedPayloads }: ChoiceOptions,
): Fitting | CodedError {
  const { statement, payloadDigest, root } = release;
  const { name, sequence, expiresAt, requires } = statement;
  const applicability = evaluateApplicability(statement, device);
  if (applicability.kind === "not-for-us") return applicability.reason;
  const { target } = applicability;
  const rollback = evaluateRollback(state, { name, sequence, payloadDigest }, root);
  const refusal = nameRefusal(state, name, titleOf(release), root) ?? rollbackRefusal(rollback, titleOf(release), root);
  if (refusal !== undefined) return refusal;
  // BF-6.3: after a rollback the next update takes its place. What was confirmed already does not expire (BF-6.5).
  if (rollback.kind === "same") return { release, target, isCurrent: deployedPayloads?.has(payloadDigest) ?? true };
  // BF-6.12: or a medium that stays in would install it over and over, for the floor does not come down to it
  if (rollback.kind === "downgrade" && deployedPayloads?.has(payloadDigest))
    return { release, target, isCurrent: true };
  const floor = floorOf(state, name)?.sequence;
  // BF-6.8: a device that remembers nothing has nothing to migrate from
  if (requires.minSequence !== undefined && floor !== undefined && floor < requires.minSequence) {
    const needs = `wants sequence ${requires.minSequence} or a later one confirmed first`;
    return new BundleError("BUNDLE_STEP_NEEDED", `${titleOf(release)} ${needs}; this device has confirmed ${floor}`);
  }
  const { timeFloorUtc } = state;
  const expiry = evaluateExpiry({ expiresAt, timeFloorUtc, synchronisedNowUtc });
  if (expiry.kind === "expired")
    return new TrustError("TRUST_EXPIRED", `${titleOf(release)} expired on ${expiry.since}`);
  const rootExpiry = evaluateExpiry({ expiresAt: root.document.expiresAt, timeFloorUtc, synchronisedNowUtc });
  if (rootExpiry.kind === "valid") return { release, target, isCurrent: false };
  return new TrustError("TRUST_ROOT_EXPIRED", `root version ${root.version} expired on ${rootExpiry.since}`);
}

function notFollowed(release: VerifiedRelease, followName: string): RefusalReason {
  const message = `${titleOf(release)} is not what this device follows: "${followName}"`;
  return { payloadDigest: release.payloadDigest, reason: new BundleError("BUNDLE_NAME_NOT_FOLLOWED", message) };
}

/** Both are signed, so neither is a forgery; which one was meant only the publisher knows. */
function conflict(release: VerifiedRelease): RefusalReason {
  const message = `${titleOf(release)} stands on the medium twice with different content`;
  return { payloadDigest: release.payloadDigest, reason: new TrustError("TRUST_SEQUENCE_CONFLICT", message) };
}

function titleOf({ statement: { name, version, sequence } }: VerifiedRelease): string {
  return `release ${name} ${version} (sequence ${sequence})`;
}
