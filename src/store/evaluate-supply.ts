/**
 * Whether a medium can supply what a device lacks, decided before anything of it is written.
 *
 * A delta leaves out what its base has: who lacks it must hear which release that is, and whether it is damaged here or
 * was never here.
 */
import type { BaseName } from "../composefs/object-list.ts";
import type { ContentDigest } from "../tree/node.ts";
import { StoreError } from "./error.ts";
import type { ObjectStore } from "./object-store.ts";
import type { Offers } from "./read-offers.ts";

/** @throws StoreError STORE_BASE_MISSING, STORE_BASE_DAMAGED as {@link evaluateSupply} */
export function requireSupply(
  store: ObjectStore,
  what: string,
  missing: ReadonlyMap<ContentDigest, number>,
  offers: Offers,
): void {
  const held = new Set(store.listImages());
  const refusal = evaluateSupply(what, missing, offers, ({ tree }) => tree !== null && held.has(tree));
  if (refusal !== undefined) throw refusal;
}

/**
 * @param what the release, for messages
 * @param isHeld whether the image of a base is on this device
 * @returns the refusal; undefined also where only reading the layers can tell
 */
function evaluateSupply(
  what: string,
  missing: ReadonlyMap<ContentDigest, number>,
  { packs, layers, absentLayers, bases }: Offers,
  isHeld: (base: BaseName) => boolean,
): StoreError | undefined {
  if (missing.size === 0 || absentLayers.length === 0 || bases.length === 0) return undefined;
  const lacking = [...missing].filter(([digest]) => !packs.some(({ list }) => list.objects.has(digest)));
  if (lacking.length === 0) return undefined;
  const bytes = lacking.reduce((sum, [, sizeBytes]) => sum + sizeBytes, 0);
  const lack = lacking.length === 1 ? `1 file (${bytes} bytes)` : `${lacking.length} files (${bytes} bytes)`;
  const are = lacking.length === 1 ? "is" : "are";
  const carried = `the medium carries ${what} as a delta (${absentLayers.length} of ${layers.length} layers are left out)`;
  const held = bases.find(isHeld);
  if (held !== undefined) {
    const damage = `its base ${describeBase(held)} is on this device, but ${lack} of it ${are} damaged or lost`;
    return new StoreError("STORE_BASE_DAMAGED", `${carried}: ${damage}`);
  }
  const lost = `${lack} ${are} neither on the medium nor here`;
  return new StoreError("STORE_BASE_MISSING", `${carried} that needs ${describeBases(bases)} on this device: ${lost}`);
}

/** For people, the newest first. */
export function describeBases(bases: readonly BaseName[]): string {
  const newestFirst = bases.toSorted((a, b) => b.sequence - a.sequence);
  return newestFirst.map(describeBase).join(" or ");
}

function describeBase({ name, version, sequence }: BaseName): string {
  return `${name} ${version} (sequence ${sequence})`;
}
