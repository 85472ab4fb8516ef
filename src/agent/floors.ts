/** The floors of this device (trust.json): they rise when a deployment is confirmed, and at no other time. */
import type { BootFacts } from "../deploy/port.ts";
import type { AbsPath } from "../path.ts";
import { below } from "../path.ts";
import { raiseFloor } from "../trust/rollback-policy.ts";
import { readTrustState, type TrustState, writeTrustState } from "../trust/state.ts";
import type { ReleaseFacts } from "./release-facts.ts";
import type { Session } from "./session.ts";

const EPOCH = "1970-01-01T00:00:00Z";

export function trustStateFile(stateDirectory: AbsPath): AbsPath {
  return below(stateDirectory, "trust.json");
}

/**
 * Raises the floors to the booted deployment when that is good: for a device that was provisioned with it, and after a
 * power cut between its confirmation and the floors.
 */
export function raiseFloorsToBooted({ ports }: Session, facts: BootFacts): void {
  update(ports.paths.stateDirectory, (old) => raisedToBooted(old, facts));
}

/**
 * The floors that hold at this moment, whether the agent has come to write them or not: a new device, or one that
 * somebody else confirmed, must not take an older release before its agent has run. Writes nothing.
 * @throws TrustError TRUST_STATE_INVALID, TRUST_STATE_VERSION; HostError
 */
export function readFloors(stateDirectory: AbsPath, facts: BootFacts): TrustState {
  return raisedToBooted(readTrustState(trustStateFile(stateDirectory)), facts);
}

/** Raises the floors to a release that was just confirmed; doing it twice changes nothing. */
export function raiseFloors({ ports }: Session, release: ReleaseFacts): void {
  update(ports.paths.stateDirectory, (old) => raisedTo(old, release));
}

function raisedToBooted(old: TrustState, { booted, assessment }: BootFacts): TrustState {
  if (assessment !== "confirmed" || booted === undefined) return old;
  const { release, payloadDigest } = booted;
  if (release === null || payloadDigest === null) return old;
  return raisedTo(old, { ...release, payloadDigest, createdAtUtc: null });
}

function raisedTo(old: TrustState, { name, sequence, payloadDigest, createdAtUtc }: ReleaseFacts): TrustState {
  const createdAt = createdAtUtc ?? old.timeFloorUtc ?? EPOCH;
  return {
    ...raiseFloor(old, { name, sequence, payloadDigest, createdAt }),
    ...(createdAtUtc === null ? { timeFloorUtc: old.timeFloorUtc } : {}),
  };
}

function update(stateDirectory: AbsPath, raise: (old: TrustState) => TrustState): void {
  const file = trustStateFile(stateDirectory);
  const old = readTrustState(file);
  const raised = raise(old);
  if (JSON.stringify(raised) !== JSON.stringify(old)) writeTrustState(file, raised);
}
