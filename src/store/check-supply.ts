/** Whether a medium has what a store lacks of an image, found out without writing anything: for dry runs. */
import type { Target } from "../bundle/statement.ts";
import type { VerifiedRelease } from "../bundle/verify-release.ts";
import { imageObjects } from "../composefs/image-objects.ts";
import type { LayoutReader } from "../oci/layout.ts";
import { requireSupply } from "./evaluate-supply.ts";
import type { ObjectStore } from "./object-store.ts";
import { readOffers } from "./read-offers.ts";
import { readSignedTree } from "./signed-tree.ts";

/**
 * Goes by the names and sizes of objects: damage is found when they are read.
 * @throws StoreError STORE_BASE_MISSING, STORE_BASE_DAMAGED, STORE_TREE_…; OciError, BundleError, ComposefsError for what is
 *   wrong with the medium; the reason of the signal
 */
export async function checkSupply(
  store: ObjectStore,
  medium: LayoutReader,
  { statement }: Pick<VerifiedRelease, "statement">,
  target: Target,
  signal?: AbortSignal,
): Promise<void> {
  const tree = await readSignedTree(store, medium, target, { signal });
  const missing = new Map([...imageObjects(tree.root)].filter(([digest, size]) => !store.hasObject(digest, size)));
  if (missing.size === 0) return;
  const offers = await readOffers(medium, target, tree, missing, signal);
  requireSupply(store, `${statement.name} ${statement.version}`, missing, offers);
}
