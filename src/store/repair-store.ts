/**
 * Mending a store from a medium: what is missing or has rotted is taken from any release that holds it.
 *
 * The medium's release need not be the one that is damaged, nor even be trusted: an object's name is its content, so
 * whatever has the right digest is the right object, and an image is restored only when the caller names it. Whole
 * objects are not written again.
 */
import type { Target } from "../bundle/statement.ts";
import type { ImageDigest } from "../composefs/image-digest.ts";
import { WantedObjects } from "../composefs/wanted-objects.ts";
import type { LayoutReader } from "../oci/layout.ts";
import type { DirectoryNode } from "../tree/node.ts";
import { StoreError } from "./error.ts";
import { loadImage } from "./load-image.ts";
import type { ObjectStore } from "./object-store.ts";
import { readOffers } from "./read-offers.ts";
import { readSignedTree } from "./signed-tree.ts";
import { openStaging } from "./staging.ts";
import { supplyFromMedium } from "./supply-from-medium.ts";
import { type CheckOptions, type StoreReport, verifyObjects, verifyStore } from "./verify-store.ts";

export interface StoreRepair {
  readonly repairedObjects: number;
  readonly repairedImages: readonly ImageDigest[];
  readonly writtenBytes: number;
  /** The store after it: what another medium must supply is still listed there. */
  readonly report: StoreReport;
}

/**
 * Repairs what `images` need, as far as `target` of any release on the medium supplies it. Atomic for each object.
 * @throws StoreError, HostError, BundleError, OciError, TreeError as `ingestRelease`; the reason of the signal
 */
export async function repairStore(
  store: ObjectStore,
  medium: LayoutReader,
  target: Target,
  images: readonly ImageDigest[],
  options: CheckOptions = {},
): Promise<StoreRepair> {
  const { signal } = options;
  await using staging = await openStaging(store);
  const tree = await readSignedTree(store, medium, target, { signal });
  const isLost = !tree.isStored && images.includes(tree.digest);
  const roots = [...readableRoots(store, images), ...(isLost ? [tree.root] : [])];

  const { missing, corrupt } = await verifyObjects(store, roots, options);
  const damaged = new Map([...missing, ...corrupt]);
  const wanted = new WantedObjects(damaged);
  if (damaged.size > 0) {
    const offers = await readOffers(medium, target, tree, damaged, signal); // a delta helps as far as it goes
    await supplyFromMedium(medium, offers, wanted, staging, { root: tree.root, ...options });
  }
  if (isLost) await staging.publishImage(tree.digest, tree.bytes, signal);
  else await staging.publish(signal);
  return {
    repairedObjects: damaged.size - wanted.count,
    repairedImages: isLost ? [tree.digest] : [],
    writtenBytes: staging.writtenBytes,
    report: await verifyStore(store, images, options),
  };
}

function readableRoots(store: ObjectStore, images: readonly ImageDigest[]): readonly DirectoryNode[] {
  return images.flatMap((digest) => {
    try {
      return [loadImage(store, digest)];
    } catch (error) {
      if (error instanceof StoreError) return []; // damaged: mended only by a release with this very tree
      throw error;
    }
  });
}
