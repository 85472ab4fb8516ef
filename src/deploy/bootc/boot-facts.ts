/** bootc's status and our record in the words of the port. Pure. */
import { type Digest, digestHex } from "../../oci/digest.ts";
import { type DeploymentId, formatDeploymentId } from "../deployment-id.ts";
import { DeployError } from "../error.ts";
import type { Host, HostBootEntry } from "../host-status.ts";
import type { BootFacts, DeploymentFacts, DeploymentState, StagedDeployment } from "../port.ts";
import { manifestDigestOf, tellsBootOrder } from "./host-facts.ts";
import type { BootcRecord, RecordedImage } from "./record.ts";

export interface KnownHost {
  readonly host: Host;
  readonly record: BootcRecord;
  readonly bootId: string | null;
  readonly tries: number;
}

/** One image has one id, however often it is deployed: bootc's own ids change when the same image is staged again. */
export function deploymentIdOf(manifestDigest: Digest): DeploymentId {
  return formatDeploymentId(digestHex(manifestDigest), 1);
}

/** The one maker of StagedDeployment. */
export function stagedOf(manifestDigest: Digest): StagedDeployment {
  return { id: deploymentIdOf(manifestDigest), manifestDigest, imageDigest: null } as StagedDeployment;
}

/** Staged by us: our record knows every image that we have stored. Undefined for nobody's and for somebody else's. */
export function ownStaged({ host, record }: Pick<KnownHost, "host" | "record">): Digest | undefined {
  const digest = manifestDigestOf(host.status.staged);
  return digest !== undefined && Object.hasOwn(record.images, digest) ? digest : undefined;
}

/** Whether the running image has to prove itself still. One that nobody recorded came by bootc's own means. */
export function isOnTrial({ host, record }: Pick<KnownHost, "host" | "record">): boolean {
  const image = recordedOf(record, host.status.booted);
  return image !== undefined && image.standing !== "good";
}

/** Whether the deployment in the rollback slot is what boots next. */
export function isRollbackQueued({ host, record, bootId }: Omit<KnownHost, "tries">): boolean {
  return tellsBootOrder(host) ? host.status.rollbackQueued : wasReorderedNow({ record, bootId });
}

/** We have changed the boot order in this very boot. */
export function wasReorderedNow({ record, bootId }: Pick<KnownHost, "record" | "bootId">): boolean {
  return bootId !== null && record.reorderedInBoot === bootId;
}

export function bootFactsOf(known: KnownHost): BootFacts {
  const { booted, staged, rollback, otherDeployments = [] } = known.host.status;
  const isLocked = staged?.downloadOnly ?? false;
  const ofSlots = {
    booted: booted === null ? [] : factsOf(known, booted, bootedState(known), true),
    staged: staged === null ? [] : factsOf(known, staged, isLocked ? "staged" : "armed"),
    rollback: rollback === null ? [] : factsOf(known, rollback, rollbackState(known, rollback)),
    others: otherDeployments.flatMap((entry) => factsOf(known, entry, restingState(known, entry))),
  };
  const bootable = isRollbackQueued(known)
    ? [...ofSlots.rollback, ...ofSlots.booted, ...ofSlots.others]
    : [...ofSlots.booted, ...ofSlots.rollback, ...ofSlots.others];
  const inOrder = isLocked ? [...bootable, ...ofSlots.staged] : [...ofSlots.staged, ...bootable];
  // The same image may be in several slots, with different origins: what runs stands for all, then what will.
  const byWeight = [...ofSlots.booted, ...ofSlots.staged, ...ofSlots.rollback, ...ofSlots.others];
  const isFirst = (one: DeploymentFacts) =>
    byWeight.find(({ manifestDigest }) => manifestDigest === one.manifestDigest) === one;
  const deployments = inOrder.filter(isFirst);
  return {
    booted: ofSlots.booted[0],
    assessment: booted === null ? "not-booted" : isOnTrial(known) ? "assessing" : "confirmed",
    // One without a container image was the system before bootc: as good as any.
    canFallBack: rollback !== null && rollbackState(known, rollback) === "good",
    nextBoot: inOrder.find(({ state }) => state !== "staged")?.id,
    deployments,
  };
}

function bootedState(known: KnownHost): DeploymentState {
  return isOnTrial(known) ? "armed" : "good";
}

/** What is there and did not prove itself was gone back from, unless somebody has just asked for it again. */
function rollbackState(known: KnownHost, entry: HostBootEntry): DeploymentState {
  const resting = restingState(known, entry);
  const isAskedFor = wasReorderedNow(known) && isRollbackQueued(known);
  return resting === "bad" && isAskedFor ? "armed" : resting;
}

function restingState({ record }: KnownHost, entry: HostBootEntry): DeploymentState {
  return (recordedOf(record, entry)?.standing ?? "good") === "good" ? "good" : "bad";
}

/** None for what is no container image: it has no digest to be told by. */
function factsOf(
  { record, tries }: KnownHost,
  entry: HostBootEntry,
  state: DeploymentState,
  isBooted = false,
): readonly DeploymentFacts[] {
  const manifestDigest = manifestDigestOf(entry);
  if (manifestDigest === undefined) return [];
  const image = record.images[manifestDigest];
  const { payloadDigest = null, release = null, trials = [] } = image ?? {};
  return [
    {
      id: deploymentIdOf(manifestDigest),
      serial: 1,
      state,
      isBooted,
      isPinned: entry.pinned,
      triesLeft: triesLeftOf(state, Math.max(0, tries - trials.length)),
      ...{ imageDigest: null, manifestDigest, payloadDigest, release },
    },
  ];
}

function triesLeftOf(state: DeploymentState, left: number): number | undefined {
  switch (state) {
    case "armed":
      return left;
    case "bad":
      return 0;
    case "good":
    case "staged":
      return undefined;
  }
}

function recordedOf(record: BootcRecord, entry: HostBootEntry | null): RecordedImage | undefined {
  const digest = manifestDigestOf(entry);
  return digest && record.images[digest];
}

/** @throws DeployError DEPLOY_BOOTC_NOT_BOOTED, DEPLOY_UNCONFIRMED */
export function requireConfirmed(known: Pick<KnownHost, "host" | "record">): Digest {
  const digest = manifestDigestOf(known.host.status.booted);
  if (digest === undefined) {
    throw new DeployError("DEPLOY_BOOTC_NOT_BOOTED", "this host was not booted from a bootc image");
  }
  if (!isOnTrial(known)) return digest;
  throw new DeployError("DEPLOY_UNCONFIRMED", `the running image ${digest} is not confirmed yet`);
}
