/**
 * Anti-rollback without a clock: a device remembers, for each release name, the highest sequence that it has confirmed
 * (bundle-format/spec.md, section 6). Pure.
 */
import type { Digest } from "../oci/digest.ts";
import type { TrustState } from "./state.ts";

/** The part of a release that decides where it stands against the floor. */
export interface SequencedRelease {
  readonly name: string;
  readonly sequence: number;
  readonly payloadDigest: Digest;
}

export type RollbackVerdict =
  | { readonly kind: "newer" }
  /** The very release that was confirmed last. */
  | { readonly kind: "same" }
  | { readonly kind: "older"; readonly floor: number }
  /** The sequence of the release that was confirmed last, but other content. */
  | { readonly kind: "conflict" };

/** The highest confirmed release of `name`, or undefined when none was. */
export function floorOf(state: TrustState, name: string): TrustState["floors"][string] | undefined {
  return Object.hasOwn(state.floors, name) ? state.floors[name] : undefined; // a release may be named "constructor"
}

export function evaluateRollback(state: TrustState, release: SequencedRelease): RollbackVerdict {
  const floor = floorOf(state, release.name);
  if (floor === undefined || release.sequence > floor.sequence) return { kind: "newer" };
  if (release.sequence < floor.sequence) return { kind: "older", floor: floor.sequence }; // BF-6.2
  return release.payloadDigest === floor.payloadDigest ? { kind: "same" } : { kind: "conflict" }; // BF-6.3
}

/**
 * The state after `release` was confirmed. Floors and the time floor only ever rise; to be called at confirm and at no
 * earlier time, else a release that never booted would lock out its predecessor.
 */
export function raiseFloor(state: TrustState, release: SequencedRelease & { readonly createdAt: string }): TrustState {
  const { name, sequence, payloadDigest, createdAt } = release;
  const isHigher = sequence > (floorOf(state, name)?.sequence ?? 0);
  const isLater = state.timeFloorUtc === null || createdAt > state.timeFloorUtc; // one spelling: text order is time order
  return {
    ...state,
    floors: isHigher ? { ...state.floors, [name]: { sequence, payloadDigest } } : state.floors,
    timeFloorUtc: isLater ? createdAt : state.timeFloorUtc,
  };
}
