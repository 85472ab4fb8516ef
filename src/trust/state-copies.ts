/**
 * The trust state on disk: two copies in two directories, so that neither a torn file nor a lost directory takes the
 * floors and the root away.
 *
 * A write raises the serial and replaces the first copy, then the second; each replacement is durable by itself. After a
 * power cut in between the first one is the newer by one, and counts. What cannot be read is never taken for "nothing was
 * trusted yet" as long as the other copy can.
 */
import { readFileSync } from "node:fs";
import { errnoOf } from "../error.ts";
import { writeDurably } from "../host/durable-write.ts";
import { HostError, hostError } from "../host/error.ts";
import type { AbsPath } from "../path.ts";
import { TrustError } from "./error.ts";
import { formatTrustState, parseTrustState, type TrustState } from "./state.ts";

export interface TrustStateFiles {
  readonly first: AbsPath;
  readonly second: AbsPath;
}

/** What is wrong with a copy. */
export interface CopyFault {
  readonly path: AbsPath;
  readonly kind: "missing" | "damaged" | "older";
  /** `/var/lib/bootferry/trust.json is damaged: …` */
  readonly message: string;
}

export interface TrustCopies {
  /** The newest that can be read; undefined when there is none. */
  readonly state: TrustState | undefined;
  readonly faults: readonly CopyFault[];
}

/**
 * Reads both copies; changes nothing.
 * @throws TrustError TRUST_STATE_VERSION when a newer bootferry wrote one of them; HostError HOST_PERMISSION
 */
export function readTrustCopies({ first, second }: TrustStateFiles): TrustCopies {
  const copies = [readCopy(first), readCopy(second)];
  const states = copies.flatMap((copy) => ("state" in copy ? [copy.state] : []));
  const state = states.reduce<TrustState | undefined>(newerOf, undefined);
  const faults = copies.flatMap((copy): CopyFault[] => {
    if (!("state" in copy)) return [copy];
    if (copy.state.serial === state?.serial) return [];
    return [{ path: copy.path, kind: "older", message: `${copy.path} is older than the other copy` }];
  });
  return { state, faults };
}

/** Replaces both copies, durably. @returns the state as written @throws HostError; the first copy may be there then */
export function writeTrustCopies({ first, second }: TrustStateFiles, state: TrustState): TrustState {
  const next = { ...state, serial: state.serial + 1 };
  const text = formatTrustState(next);
  writeDurably(first, text);
  writeDurably(second, text);
  return next;
}

/** Writes the state to the copies that are not it. @throws HostError */
export function healTrustCopies({ state, faults }: TrustCopies): void {
  if (state === undefined) return;
  for (const { path } of faults) writeDurably(path, formatTrustState(state));
}

type Copy = { readonly path: AbsPath; readonly state: TrustState } | CopyFault;

function readCopy(path: AbsPath): Copy {
  try {
    return { path, state: parseTrustState(readFileSync(path), path) };
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return { path, kind: "missing", message: `${path} is missing` };
    if (error instanceof TrustError && error.code === "TRUST_STATE_INVALID") return damagedCopy(path, error);
    const wrapped = hostError(error, `reading ${path}`);
    // A bad sector, or a directory where the file should be, is damage like any other.
    const isDamage = wrapped instanceof HostError && ["HOST_IO", "HOST_NOT_A_FILE"].includes(wrapped.code);
    if (isDamage) return damagedCopy(path, wrapped);
    throw wrapped;
  }
}

function damagedCopy(path: AbsPath, { message }: Error): CopyFault {
  return { path, kind: "damaged", message };
}

/** The first of two equals: it is written first. */
function newerOf(known: TrustState | undefined, state: TrustState): TrustState {
  return known === undefined || state.serial > known.serial ? state : known;
}
