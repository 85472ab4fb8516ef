/**
 * The floors of this device: they rise when a deployment is confirmed, and at no other time.
 *
 *     <state directory>/trust.json           the first copy
 *     <sysroot>/bootferry/trust.json         the second one: outside of /var, which people empty
 *
 * When neither can be read, the floors are found again from the deployments that were confirmed.
 */
import type { DevicePaths } from "../config/device-paths.ts";
import { engineDirectory } from "../deploy/native/layout.ts";
import type { BootFacts, DeploymentFacts } from "../deploy/port.ts";
import { HostError } from "../host/error.ts";
import { below } from "../path.ts";
import { raiseFloor } from "../trust/rollback-policy.ts";
import { INITIAL_TRUST_STATE, type TrustState } from "../trust/state.ts";
import {
  healTrustCopies,
  readTrustCopies,
  type TrustCopies,
  type TrustStateFiles,
  writeTrustCopies,
} from "../trust/state-copies.ts";
import { readHistory } from "./history.ts";
import type { ReleaseFacts } from "./release-facts.ts";
import type { Session } from "./session.ts";

const EPOCH = "1970-01-01T00:00:00Z";

export function trustStateFiles(paths: DevicePaths): TrustStateFiles {
  return { first: below(paths.stateDirectory, "trust.json"), second: below(engineDirectory(paths), "trust.json") };
}

/**
 * The state that holds at this moment, whether the agent has come to write it or not: a new device, or one that
 * somebody else confirmed, must not take an older release before its agent has run. Writes nothing.
 * @throws TrustError TRUST_STATE_VERSION; HostError
 */
export function readFloors(paths: DevicePaths, facts: BootFacts): TrustState {
  const { state } = readTrustCopies(trustStateFiles(paths));
  return raisedToBooted(state ?? foundAgain(facts), facts);
}

/**
 * Raises the floors to the booted deployment when that is good: for a device that was provisioned with it, and after a
 * power cut between its confirmation and the floors. Mends a copy that was lost or torn.
 * @throws TrustError TRUST_STATE_VERSION; HostError
 */
export function raiseFloorsToBooted(session: Session, facts: BootFacts): void {
  update(session, facts, (old) => raisedToBooted(old, facts));
}

/** Raises the floors to a release that was just confirmed; doing it twice changes nothing. @throws as above */
export function raiseFloors(session: Session, facts: BootFacts, release: ReleaseFacts): void {
  update(session, facts, (old) => {
    const raised = raisedTo(old, release);
    return isDisregarded(old, release) ? raised : { ...raised, followedName: release.name };
  });
}

/** A release that was confirmed before, and runs again after a rollback, does not change which name is followed. */
function raisedToBooted(old: TrustState, { booted, assessment }: BootFacts): TrustState {
  const release = assessment === "confirmed" && booted !== undefined ? releaseOf(booted) : undefined;
  if (release === undefined || isDisregarded(old, release)) return old;
  const raised = raisedTo(old, release);
  const isNew = raised.floors !== old.floors || old.followedName === null;
  return isNew ? { ...raised, followedName: release.name } : raised;
}

/** What the deployments tell of a state that is lost, or that was never written. */
function foundAgain({ deployments }: BootFacts): TrustState {
  const confirmed = deployments.filter(({ state }) => state === "good");
  return confirmed.flatMap((it) => releaseOf(it) ?? []).reduce(raisedTo, INITIAL_TRUST_STATE);
}

function releaseOf({ release, payloadDigest }: DeploymentFacts): ReleaseFacts | undefined {
  return release === null || payloadDigest === null ? undefined : { ...release, payloadDigest, createdAtUtc: null };
}

function isDisregarded({ disregarded }: TrustState, { payloadDigest }: ReleaseFacts): boolean {
  return disregarded.includes(payloadDigest);
}

function raisedTo(old: TrustState, release: ReleaseFacts): TrustState {
  if (isDisregarded(old, release)) return old;
  const { name, sequence, payloadDigest, createdAtUtc } = release;
  const createdAt = createdAtUtc ?? old.timeFloorUtc ?? EPOCH;
  return {
    ...raiseFloor(old, { name, sequence, payloadDigest, createdAt }),
    ...(createdAtUtc === null ? { timeFloorUtc: old.timeFloorUtc } : {}),
  };
}

function update(session: Session, facts: BootFacts, raise: (old: TrustState) => TrustState): void {
  const { paths } = session.ports;
  const files = trustStateFiles(paths);
  const copies = readTrustCopies(files);
  noteFaults(session, copies);
  const old = copies.state ?? foundAgain(facts);
  const raised = raise(old);
  const isWritten = copies.state !== undefined && JSON.stringify(raised) === JSON.stringify(old);
  if (isWritten) heal(session, copies);
  else writeTrustCopies(files, raised);
}

/** A device goes on with one copy: that the other cannot be written either is told and keeps nothing from going on. */
function heal({ note }: Session, copies: TrustCopies): void {
  try {
    healTrustCopies(copies);
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    note("damaged-file", `${error.message}; the other copy counts`);
  }
}

function noteFaults({ ports, note }: Session, { state, faults }: TrustCopies): void {
  if (state === undefined) {
    const isNew = faults.every(({ kind }) => kind === "missing") && !hasConfirmedBefore(ports.paths);
    if (isNew) return;
    const why = faults.map(({ message }) => message).join("; ");
    note("damaged-file", `${why}; the floors are those of the deployments that were confirmed`);
    return;
  }
  if (state.serial === 0) return; // of a bootferry that kept one copy
  // An older copy is what a power cut between the two writes leaves; nothing was lost.
  for (const { message } of faults.filter(({ kind }) => kind !== "older")) {
    note("damaged-file", `${message}; it is made again from the other copy`);
  }
}

function hasConfirmedBefore({ stateDirectory }: DevicePaths): boolean {
  const { records } = readHistory(stateDirectory);
  return records.some((record) => record.kind === "attempt" && record.state === "confirmed");
}
