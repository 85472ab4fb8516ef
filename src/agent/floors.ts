/** The floors of a device: they rise when a deployment is confirmed, and at no other time. Pure. */
import type { BootFacts, DeploymentFacts } from "../deploy/port.ts";
import { raiseFloor } from "../trust/rollback-policy.ts";
import { INITIAL_TRUST_STATE, type TrustState } from "../trust/state.ts";
import type { ReleaseFacts } from "./release-facts.ts";

const EPOCH = "1970-01-01T00:00:00Z";

/** After a release was confirmed; once more changes nothing. */
export function raisedByConfirmation(old: TrustState, release: ReleaseFacts): TrustState {
  return isDisregarded(old, release) ? old : { ...raisedTo(old, release), followedName: release.name };
}

/**
 * Raised to the booted deployment when that is good: for a device that was provisioned with it, one that somebody else has
 * confirmed, and after a power cut between its confirmation and the floors.
 */
export function raisedToBooted(old: TrustState, { booted, assessment }: BootFacts): TrustState {
  const release = assessment === "confirmed" && booted !== undefined ? releaseOf(booted) : undefined;
  if (release === undefined || isDisregarded(old, release)) return old;
  const raised = raisedTo(old, release);
  // One that was confirmed before, and runs again after a rollback, does not change which name is followed.
  const isNew = raised.floors !== old.floors || old.followedName === null;
  return isNew ? { ...raised, followedName: release.name } : raised;
}

/** What the deployments tell of a state that is lost, or that was never written. */
export function floorsFoundAgain({ deployments }: BootFacts): TrustState {
  const confirmed = deployments.filter(({ state }) => state === "good");
  return confirmed.flatMap((it) => releaseOf(it) ?? []).reduce(raisedTo, INITIAL_TRUST_STATE);
}

function releaseOf({ release, payloadDigest }: DeploymentFacts): ReleaseFacts | undefined {
  return release === null || payloadDigest === null ? undefined : { ...release, payloadDigest, createdAtUtc: null };
}

function isDisregarded({ disregarded }: TrustState, { payloadDigest }: ReleaseFacts): boolean {
  return disregarded.includes(payloadDigest);
}

function raisedTo(old: TrustState, { name, sequence, payloadDigest, createdAtUtc }: ReleaseFacts): TrustState {
  const createdAt = createdAtUtc ?? old.timeFloorUtc ?? EPOCH;
  return {
    ...raiseFloor(old, { name, sequence, payloadDigest, createdAt }),
    ...(createdAtUtc === null ? { timeFloorUtc: old.timeFloorUtc } : {}),
  };
}
