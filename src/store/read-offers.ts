/**
 * What a medium offers of the objects that a device lacks: packs that hold some of them, and layers.
 *
 * Packs are unsigned, and their lists are claims: they help to choose what to read, and to refuse before anything is
 * written. A pack that makes no sense is passed over, since the medium may have the layers besides.
 */

import { PACK_LAYER_BYTES } from "../bundle/pack-artifact.ts";
import { type FoundPack, readPacks } from "../bundle/read-packs.ts";
import type { Target } from "../bundle/statement.ts";
import { imageObjects } from "../composefs/image-objects.ts";
import { type BaseName, maxObjectListBytes, type ObjectList, parseObjectList } from "../composefs/object-list.ts";
import { CodedError } from "../error.ts";
import type { Descriptor } from "../oci/document.ts";
import type { LayoutReader } from "../oci/layout.ts";
import { type PinnedContent, readVerifiedBlob } from "../oci/verified-blob.ts";
import type { ContentDigest } from "../tree/node.ts";
import { StoreError } from "./error.ts";
import { inflationBudgetBytes } from "./inflation-budget.ts";
import type { SignedTree } from "./signed-tree.ts";
import { readImageLayers } from "./supply-objects.ts";

/** A pack that holds something of what is missing. */
export interface PackOffer {
  readonly list: ObjectList;
  readonly contents: readonly PinnedContent[];
  /** What all contents inflate to. */
  readonly contentBytes: number;
}

export interface Offers {
  /** The cheapest that holds all that is missing; else those that hold some of it. */
  readonly packs: readonly PackOffer[];
  /** All layers of the image, bottom first. */
  readonly layers: readonly Descriptor[];
  /** Those that the medium has not. */
  readonly absentLayers: readonly Descriptor[];
  /** Releases of which the packs ask one to be on the device. */
  readonly bases: readonly BaseName[];
  /** Why packs could not be used. */
  readonly problems: readonly CodedError[];
}

/** One for each base that a fleet may have; more are not looked at. */
export const MAX_PACKS = 16;
/** What is kept in memory of packs that hold but some of what is missing. */
const MAX_PARTIAL_PACKS = 4;

/**
 * @param missing objects with their sizes
 * @throws BundleError BUNDLE_IMAGE_MISMATCH, OciError for the image's own documents; the reason of the signal
 */
export async function readOffers(
  medium: LayoutReader,
  target: Target,
  tree: Pick<SignedTree, "digest" | "root">,
  missing: ReadonlyMap<ContentDigest, number>,
  signal?: AbortSignal,
): Promise<Offers> {
  const layers = await readImageLayers(medium, target, signal);
  const absentLayers: Descriptor[] = [];
  for (const layer of layers) if ((await medium.blobSizeBytes(layer.digest)) === undefined) absentLayers.push(layer);
  const found = await readPacks(medium, target.image.digest, signal);
  const problems = found.problems.map(({ error }) => error);
  const packs: PackOffer[] = [];
  const bases = new Map<string, BaseName>();
  for (const pack of found.packs.toSorted((a, b) => sizeOf(a.contents) - sizeOf(b.contents)).slice(0, MAX_PACKS)) {
    try {
      const offer = await readOffer(medium, pack, tree, signal);
      for (const base of offer.list.bases) bases.set(base.payloadDigest, base);
      const held = countHeld(offer, missing);
      if (held === missing.size) return { packs: [offer], layers, absentLayers, bases: [...bases.values()], problems };
      if (held > 0 && packs.length < MAX_PARTIAL_PACKS) packs.push(offer);
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof CodedError)) throw error;
      problems.push(error);
    }
  }
  return { packs, layers, absentLayers, bases: [...bases.values()], problems };
}

async function readOffer(
  medium: LayoutReader,
  { list: pinned, contents }: FoundPack,
  { digest, root }: Pick<SignedTree, "digest" | "root">,
  signal: AbortSignal | undefined,
): Promise<PackOffer> {
  // BF-10.3: by what the signed tree has, and so no more memory than that takes
  const maxBytes = maxObjectListBytes(imageObjects(root).size);
  const list = parseObjectList(await readVerifiedBlob(medium, pinned, maxBytes, signal));
  if (list.tree !== digest) throw invalid(pinned, `it is for the tree ${list.tree ?? "of none"}, not for ${digest}`);
  const contentBytes = list.objects.values().reduce((sum, sizeBytes) => sum + sizeBytes, 0);
  const layers = Math.ceil(contentBytes / PACK_LAYER_BYTES);
  if (contents.length !== layers)
    throw invalid(pinned, `expected ${layers} layers of contents, got ${contents.length}`);
  const budgetBytes = inflationBudgetBytes(root, sizeOf(contents));
  if (contentBytes > budgetBytes)
    throw invalid(pinned, `its contents have ${contentBytes} bytes, at most ${budgetBytes} are inflated`); // BF-10.5
  return { list, contents, contentBytes };
}

function countHeld({ list }: PackOffer, missing: ReadonlyMap<ContentDigest, number>): number {
  return missing
    .entries()
    .reduce((sum, [digest, sizeBytes]) => sum + (list.objects.get(digest) === sizeBytes ? 1 : 0), 0);
}

function sizeOf(blobs: readonly PinnedContent[]): number {
  return blobs.reduce((sum, { size }) => sum + size, 0);
}

function invalid({ digest }: PinnedContent, why: string): StoreError {
  return new StoreError("STORE_PACK_INVALID", `the object pack with the list ${digest} is not acceptable: ${why}`);
}
