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
export function raiseFloorsToBooted(session: Session, { booted, assessment }: BootFacts): void {
  if (assessment !== "confirmed" || booted === undefined) return;
  const { release, payloadDigest } = booted;
  if (release !== null && payloadDigest !== null)
    raiseFloors(session, { ...release, payloadDigest, createdAtUtc: null });
}

/** Raises the floors to a release that was just confirmed; doing it twice changes nothing. */
export function raiseFloors({ ports }: Session, { name, sequence, payloadDigest, createdAtUtc }: ReleaseFacts): void {
  const file = trustStateFile(ports.paths.stateDirectory);
  const old = readTrustState(file);
  const createdAt = createdAtUtc ?? old.timeFloorUtc ?? EPOCH;
  const raised: TrustState = {
    ...raiseFloor(old, { name, sequence, payloadDigest, createdAt }),
    ...(createdAtUtc === null ? { timeFloorUtc: old.timeFloorUtc } : {}),
  };
  if (JSON.stringify(raised) !== JSON.stringify(old)) writeTrustState(file, raised);
}
