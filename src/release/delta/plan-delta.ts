/** What a delta of a target carries and what it leaves out. Pure. */
import type { Digest } from "../../oci/digest.ts";
import type { ContentDigest } from "../../tree/node.ts";
import type { BaseTarget } from "./read-base.ts";

/** Objects of the tree that a device with any one of the bases may lack, with their sizes. */
export function newObjects(
  objects: ReadonlyMap<ContentDigest, number>,
  bases: readonly BaseTarget[],
): ReadonlyMap<ContentDigest, number> {
  return new Map([...objects].filter(([digest]) => !bases.every(({ tree }) => tree?.objects.has(digest))));
}

/** Layers that a bootc host with any one of the bases has. */
function knownLayers(bases: readonly BaseTarget[]): ReadonlySet<Digest> {
  const [first, ...others] = bases;
  return new Set([...(first?.layers ?? [])].filter((digest) => others.every(({ layers }) => layers.has(digest))));
}

/**
 * Layers of a target's image that a delta leaves out: all of them where a pack takes their place, unless those that are new
 * are asked for as well; without a tree those that the bases have.
 */
export function leftOutLayers(
  layers: readonly Digest[],
  bases: readonly BaseTarget[],
  { hasTree, withLayers }: { readonly hasTree: boolean; readonly withLayers: boolean },
): ReadonlySet<Digest> {
  if (hasTree && !withLayers) return new Set(layers);
  const known = knownLayers(bases);
  return new Set(layers.filter((digest) => known.has(digest)));
}
