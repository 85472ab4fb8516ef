/**
 * What a medium holds for this device: every release on it is verified, each that cannot be used is told with its
 * reason, and the best one is chosen. Reads only documents, a few KiB each; changes nothing.
 */
import type { DeviceIdentity } from "../bundle/applicability.ts";
import { chooseRelease } from "../bundle/choose-release.ts";
import type { MountedMedium } from "../bundle/medium.ts";
import { forEachRelease, type UnverifiedRelease } from "../bundle/read-release.ts";
import type { Target } from "../bundle/statement.ts";
import { type VerifiedRelease, verifyRelease } from "../bundle/verify-release.ts";
import type { CodedError } from "../error.ts";
import type { Digest } from "../oci/digest.ts";
import type { Envelope } from "../trust/dsse.ts";
import type { TrustedRoot } from "../trust/root.ts";
import type { TrustState } from "../trust/state.ts";
import { AgentError } from "./error.ts";
import { evaluatePermission, type Verdicts } from "./verdicts.ts";

export interface ChoiceFacts {
  readonly root: TrustedRoot;
  readonly device: DeviceIdentity;
  readonly followName: string;
  readonly trustState: TrustState;
  readonly verdicts: Verdicts;
  readonly synchronisedNowUtc: Date | undefined;
  /** See `ChoiceOptions`; undefined for a device that is being made. */
  readonly deployedPayloads?: ReadonlySet<Digest>;
  /** Payload digests of everything that is deployed, staged or not; undefined for a device that is being made. */
  readonly presentPayloads?: readonly Digest[];
  /** The one release that a person asked for; by default the best one is chosen. */
  readonly onlyPayload?: Digest;
}

export type MediumChoice = MediumVerdict & {
  /** Whether a release of the medium has verified, of whatever use it is here. */
  readonly hasVerified: boolean;
};

type MediumVerdict =
  | {
      readonly kind: "install";
      readonly release: VerifiedRelease;
      readonly target: Target;
      readonly envelope: Envelope;
      readonly refusals: readonly CodedError[];
    }
  /** All is as it should be: what the medium holds runs already, or was tried already. */
  | { readonly kind: "nothing"; readonly message: string; readonly refusals: readonly CodedError[] }
  /** `error` is the most helpful of the refusals. */
  | { readonly kind: "refused"; readonly error: CodedError; readonly refusals: readonly CodedError[] };

/**
 * @throws BundleError BUNDLE_INDEX_TOO_LONG; OciError for an index that cannot be read at all; the reason of the signal
 */
export async function chooseFromMedium(
  medium: MountedMedium,
  facts: ChoiceFacts,
  signal?: AbortSignal,
): Promise<MediumChoice> {
  const found = await verifyAll(medium, facts.root, signal);
  return { ...judge(found, facts), hasVerified: found.verified.length > 0 };
}

function judge(
  { verified, envelopes, problems }: Awaited<ReturnType<typeof verifyAll>>,
  facts: ChoiceFacts,
): MediumVerdict {
  const { onlyPayload } = facts;
  const eligible = verified.filter(({ payloadDigest }) => onlyPayload === undefined || payloadDigest === onlyPayload);
  const { choice, tried, reasons } = choosePermitted(eligible, facts);
  const others = [...problems, ...tried];
  const refusals = [...others, ...(others.length > 0 ? reasons.filter(isAboutARelease) : reasons)];
  if (choice?.kind === "install") {
    const envelope = envelopes.get(choice.release);
    if (envelope === undefined) throw new Error("a chosen release comes from the medium");
    return { ...choice, envelope, refusals };
  }
  // A release by a key that we do not know says nothing about ours; anything else that is wrong is told first: whoever
  // brought a newer release must not read "runs already" because the one before it is on the medium too.
  const damage = problems.find((problem) => problem.code !== "TRUST_KEY_UNKNOWN");
  if (damage !== undefined) return { kind: "refused", error: damage, refusals };
  if (choice?.kind === "current") {
    const { name, version, sequence } = choice.release.statement;
    const message = `${name} ${version} (sequence ${sequence}) is installed already.`;
    return { kind: "nothing", message: [message, ...tried.map(sentence)].join(" "), refusals };
  }
  if (tried.length > 0) return { kind: "nothing", message: tried.map(sentence).join(" "), refusals };
  const error = reasons.filter(isAboutARelease).toSorted(byNearness)[0] ?? problems[0] ?? reasons[0];
  if (error === undefined) throw new Error("a medium without a choice has a reason for it");
  return { kind: "refused", error, refusals };
}

/** Reasons from the one that is nearest to an installation to the one that has least to do with this device. */
const BY_NEARNESS: readonly string[] = [
  "TRUST_SEQUENCE_CONFLICT",
  "TRUST_EXPIRED",
  "TRUST_ROOT_EXPIRED",
  "BUNDLE_STEP_NEEDED",
  "BUNDLE_AGENT_TOO_OLD",
  "TRUST_SEQUENCE_BELOW_MINIMUM",
  "TRUST_SEQUENCE_OLDER",
  "TRUST_NAME_NOT_PERMITTED",
  "BUNDLE_DEVICE_NOT_LISTED",
  "BUNDLE_ARCHITECTURE_MISMATCH",
  "BUNDLE_COMPATIBLE_MISMATCH",
  "BUNDLE_NAME_NOT_FOLLOWED",
];

function byNearness(a: CodedError, b: CodedError): number {
  return BY_NEARNESS.indexOf(a.code) - BY_NEARNESS.indexOf(b.code);
}

function isAboutARelease({ code }: CodedError): boolean {
  return code !== "BUNDLE_NO_RELEASE";
}

function sentence(error: CodedError): string {
  return `${error.message}.`;
}

/** Keeps of each signed statement one release with its envelope, and of what nobody signed for us the reason only. */
async function verifyAll(medium: MountedMedium, root: TrustedRoot, signal: AbortSignal | undefined) {
  const releases = new Map<Digest, { readonly release: VerifiedRelease; readonly envelope: Envelope }>();
  const keepVerified = (unverified: UnverifiedRelease) => {
    const release = verifyRelease(unverified, root);
    if (!releases.has(release.payloadDigest)) {
      releases.set(release.payloadDigest, { release, envelope: unverified.envelope });
    }
  };
  const problems = await forEachRelease(medium, keepVerified, signal);
  const kept = [...releases.values()];
  return {
    verified: kept.map(({ release }) => release),
    envelopes: new Map(kept.map(({ release, envelope }) => [release, envelope])),
    problems: problems.map(({ error }) => error),
  };
}

/** The best release that this device has not found wanting itself. */
function choosePermitted(verified: readonly VerifiedRelease[], facts: ChoiceFacts) {
  const { device, trustState, followName, synchronisedNowUtc, deployedPayloads, verdicts } = facts;
  const tried: AgentError[] = [];
  let candidates = verified;
  for (;;) {
    const choice = chooseRelease(candidates, device, trustState, followName, { synchronisedNowUtc, deployedPayloads });
    if (choice.kind === "nothing")
      return { choice: undefined, tried, reasons: choice.reasons.map(({ reason }) => reason) };
    if (choice.kind === "current") return { choice, tried, reasons: [] };
    const refusal = failedHere(choice.release, verdicts);
    if (refusal === undefined) return { choice, tried, reasons: [] };
    tried.push(refusal);
    candidates = candidates.filter(({ payloadDigest }) => payloadDigest !== choice.release.payloadDigest);
  }
}

function failedHere({ payloadDigest, statement }: VerifiedRelease, verdicts: Verdicts): AgentError | undefined {
  const permission = evaluatePermission(verdicts, payloadDigest);
  const what = `${statement.name} ${statement.version} (sequence ${statement.sequence}) was tried already`;
  switch (permission.kind) {
    case "may-try":
      return undefined;
    case "unhealthy":
      return new AgentError(
        "AGENT_RELEASE_FAILED_HERE",
        `${what}: it was not well on this device (${permission.atUtc})`,
      );
    case "unfinished":
      return new AgentError(
        "AGENT_RELEASE_FAILED_HERE",
        `${what}: it did not come up in ${permission.attempts} attempts (${permission.atUtc})`,
      );
  }
}
