/**
 * What this device remembers of its trust, read with what holds at this moment, and written when that is more.
 *
 *     <state directory>/trust.json           the first copy
 *     <sysroot>/bootferry/trust.json         the second one: outside of /var, which people empty; on a bootc host, whose
 *                                            physical root is read-only, <state directory>/trust-copy.json
 *
 * When neither can be read, the floors are found again from the deployments that were confirmed, and the root from the
 * files of the device: never a reason to stop.
 */
import type { DevicePaths } from "../config/device-paths.ts";
import type { BootFacts } from "../deploy/port.ts";
import { CodedError } from "../error.ts";
import { HostError } from "../host/error.ts";
import { below } from "../path.ts";
import type { TrustedRoot } from "../trust/root.ts";
import { newestOf } from "../trust/root-chain.ts";
import { INITIAL_TRUST_STATE, type TrustState } from "../trust/state.ts";
import {
  healTrustCopies,
  readTrustCopies,
  type TrustCopies,
  type TrustStateFiles,
  writeTrustCopies,
} from "../trust/state-copies.ts";
import { floorsFoundAgain, raisedByConfirmation, raisedToBooted } from "./floors.ts";
import { readHistory } from "./history.ts";
import type { ReleaseFacts } from "./release-facts.ts";
import { rememberRoot } from "./remember-root.ts";
import type { AgentPorts, Session } from "./session.ts";
import { type RootReading, readTrustRoot } from "./trust-root.ts";

export function trustStateFiles(paths: DevicePaths): TrustStateFiles {
  return { first: below(paths.stateDirectory, "trust.json"), second: paths.trustCopy };
}

export interface DeviceTrust {
  readonly root: TrustedRoot;
  /** With the floors that hold and the root that is trusted, whether the agent has come to write them or not. */
  readonly state: TrustState;
}

/** The part of the ports that reading the trust of a device takes. */
export type TrustPorts = Pick<AgentPorts, "files" | "paths"> & { readonly config: Pick<AgentPorts["config"], "trust"> };

/**
 * What holds now: a device that is new, or that somebody else confirmed, must not take an older release before its agent
 * has run. Writes nothing.
 * @throws AgentError AGENT_TRUST_ROOT_MISSING; TrustError TRUST_STATE_VERSION, or for a damaged root that nothing else
 *   stands for; HostError
 */
export async function readTrust(ports: TrustPorts, facts: BootFacts): Promise<DeviceTrust> {
  const { state = floorsFoundAgain(facts) } = readTrustCopies(trustStateFiles(ports.paths));
  const { chain } = await readTrustRoot(ports.files, ports.config.trust, state);
  const remembered = rememberRoot(raisedToBooted(state, facts), chain, presentPayloads(facts));
  return { root: newestOf(chain), state: remembered.state };
}

/** The root alone, for whoever mends a device of which little can be read. @throws as {@link readTrust} */
export async function readTrustedRoot({ paths, files, config }: TrustPorts): Promise<TrustedRoot> {
  const { state = INITIAL_TRUST_STATE } = readTrustCopies(trustStateFiles(paths));
  return newestOf((await readTrustRoot(files, config.trust, state)).chain);
}

/** Payload digests of everything that is deployed, staged or not. */
export function presentPayloads({ deployments }: BootFacts) {
  return deployments.flatMap(({ payloadDigest }) => payloadDigest ?? []);
}

/**
 * Writes what {@link readTrust} would find, and mends a copy that was lost or torn. A device without a root goes on
 * without one.
 * @throws TrustError TRUST_STATE_VERSION; HostError
 */
export async function settleTrust(session: Session, facts: BootFacts): Promise<void> {
  const { ports, note } = session;
  const { state = floorsFoundAgain(facts) } = readTrustCopies(trustStateFiles(ports.paths));
  const reading = await rootIfThere(ports, state);
  for (const why of reading?.ignored ?? []) if (!hasNoted(ports.paths, why)) note("trust", why);
  update(session, facts, (old) => {
    const raised = raisedToBooted(old, facts);
    return reading === undefined ? raised : rememberRoot(raised, reading.chain, presentPayloads(facts)).state;
  });
}

/** Raises the floors to a release that was just confirmed; doing it twice changes nothing. @throws as `settleTrust` */
export function rememberConfirmed(session: Session, facts: BootFacts, release: ReleaseFacts): void {
  update(session, facts, (old) => raisedByConfirmation(old, release));
}

async function rootIfThere({ files, config }: TrustPorts, state: TrustState): Promise<RootReading | undefined> {
  try {
    return await readTrustRoot(files, config.trust, state);
  } catch (error) {
    if (error instanceof CodedError) return undefined; // told when something is to be verified with it
    throw error;
  }
}

function update(session: Session, facts: BootFacts, raise: (old: TrustState) => TrustState): void {
  const { paths } = session.ports;
  const files = trustStateFiles(paths);
  const copies = readTrustCopies(files);
  noteFaults(session, copies);
  const old = copies.state ?? floorsFoundAgain(facts);
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

function hasNoted({ stateDirectory }: DevicePaths, message: string): boolean {
  const { records } = readHistory(stateDirectory);
  return records.some((record) => record.kind === "note" && record.message === message);
}
