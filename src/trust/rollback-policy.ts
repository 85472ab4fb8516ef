/**
 * Anti-rollback without a clock: a device remembers, for each release name, the highest sequence that it has confirmed, and
 * its root says what else it must refuse or may accept (bundle-format/spec.md, section 6). Pure.
 */
import type { Digest } from "../oci/digest.ts";
import { TrustError } from "./error.ts";
import type { RootDocument } from "./root-document.ts";
import type { TrustState } from "./state.ts";

/** The part of a release that decides where it stands against the floor. */
export interface SequencedRelease {
  readonly name: string;
  readonly sequence: number;
  readonly payloadDigest: Digest;
}

/** The part of a `TrustedRoot` that says what devices must refuse and may accept. */
interface PermittingRoot {
  readonly version: number;
  readonly document: Pick<RootDocument, "minSequences" | "downgrades" | "successors">;
}

export type RollbackVerdict =
  | { readonly kind: "newer" }
  /** The very release that was confirmed last. */
  | { readonly kind: "same" }
  /** Older than what was confirmed, and the root allows to go back to it. */
  | { readonly kind: "downgrade" }
  | { readonly kind: "older"; readonly floor: number }
  /** The root lets no device take it any more, whatever it has confirmed. */
  | { readonly kind: "below-minimum"; readonly minimum: number }
  /** The sequence of the release that was confirmed last, but other content. */
  | { readonly kind: "conflict" };

/** The highest confirmed release of `name`, or undefined when none was. */
export function floorOf(
  { floors }: Pick<TrustState, "floors">,
  name: string,
): TrustState["floors"][string] | undefined {
  return named(floors, name);
}

export function evaluateRollback(
  state: Pick<TrustState, "floors">,
  { name, sequence, payloadDigest }: SequencedRelease,
  { document }: PermittingRoot,
): RollbackVerdict {
  const minimum = named(document.minSequences ?? {}, name);
  if (minimum !== undefined && sequence < minimum) return { kind: "below-minimum", minimum }; // BF-6.11
  const floor = floorOf(state, name);
  if (floor === undefined || sequence > floor.sequence) return { kind: "newer" };
  if (sequence === floor.sequence)
    return payloadDigest === floor.payloadDigest ? { kind: "same" } : { kind: "conflict" }; // BF-6.3
  if (document.downgrades?.includes(payloadDigest)) return { kind: "downgrade" }; // BF-6.12
  return { kind: "older", floor: floor.sequence }; // BF-6.2
}

/**
 * Why a release with this verdict is not installed; undefined when the verdict stands in nothing's way.
 * @param title begins the message: `release kiosk-os 42.3.1 (sequence 42)`
 */
export function rollbackRefusal(
  verdict: RollbackVerdict,
  title: string,
  root: Pick<PermittingRoot, "version">,
): TrustError | undefined {
  switch (verdict.kind) {
    case "newer":
    case "same":
    case "downgrade":
      return undefined;
    case "older": {
      const floor = `this device has confirmed sequence ${verdict.floor}`;
      return new TrustError("TRUST_SEQUENCE_OLDER", `${title} is older: ${floor}`);
    }
    case "below-minimum": {
      const minimum = `root version ${root.version} wants sequence ${verdict.minimum} or a later one`;
      return new TrustError("TRUST_SEQUENCE_BELOW_MINIMUM", `${title} is too old for every device: ${minimum}`);
    }
    case "conflict":
      return new TrustError("TRUST_SEQUENCE_CONFLICT", `${title} is not the one that this device has confirmed`);
  }
}

/**
 * Why a device does not take releases of `name`, whatever its configuration asks: it has confirmed those of another name,
 * and the root does not let the one follow the other. Undefined when it may.
 * @param title as for {@link rollbackRefusal}
 */
export function nameRefusal(
  { followedName }: Pick<TrustState, "followedName">,
  name: string,
  title: string,
  { document, version }: PermittingRoot,
): TrustError | undefined {
  if (followedName === null || followedName === name) return undefined;
  if (named(document.successors ?? {}, followedName)?.includes(name)) return undefined; // BF-6.13
  const permission = `root version ${version} does not let "${name}" follow it`;
  const message = `${title} has another name than what this device has confirmed, "${followedName}", and ${permission}`;
  return new TrustError("TRUST_NAME_NOT_PERMITTED", message);
}

/** A release may be named "constructor". */
function named<T>(byName: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(byName, name) ? byName[name] : undefined;
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
