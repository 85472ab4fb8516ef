/**
 * Removing what no kept image names.
 *
 * Images go first, with a sync between: an image whose objects are gone would look bootable, objects without an image are
 * merely found again by the next collection. An image that is to be kept and cannot be read ends it before anything is
 * removed, since what it names is not known then.
 */

import type { ImageDigest } from "../composefs/image-digest.ts";
import { imageObjects } from "../composefs/image-objects.ts";
import type { ContentDigest } from "../tree/node.ts";
import { loadImage } from "./load-image.ts";
import { fileSizeBytes, type ObjectStore, sweepStaging } from "./object-store.ts";
import { removeResumeHint } from "./resume-hint.ts";
import type { CheckOptions } from "./verify-store.ts";

export interface GarbageCollected {
  readonly removedImages: readonly ImageDigest[];
  readonly removedObjects: number;
  /** Content bytes of what was removed. */
  readonly removedBytes: number;
  readonly keptObjects: number;
}

/**
 * Keeps the images of `keep` with all their objects and removes everything else. Durable when it returns; idempotent,
 * and safe to cut at any point.
 * @throws HostError HOST_BUSY while something is being stored; StoreError STORE_IMAGE_MISSING, STORE_IMAGE_CORRUPT
 */
export async function collectStoreGarbage(
  store: ObjectStore,
  keep: readonly ImageDigest[],
  { signal, onProgress }: CheckOptions = {},
): Promise<GarbageCollected> {
  await using _lock = await store.filesystem.lock();
  const reachable = new Set<ContentDigest>();
  for (const digest of keep) {
    for (const object of imageObjects(loadImage(store, digest)).keys()) reachable.add(object);
  }
  signal?.throwIfAborted();
  const { filesystem } = store;
  sweepStaging(store);
  let removedBytes = 0;
  const removedImages = store.listImages().filter((digest) => !keep.includes(digest));
  for (const digest of removedImages) {
    removedBytes += fileSizeBytes(store.imageFile(digest)) ?? 0;
    filesystem.remove(store.imageFile(digest));
  }
  if (removedImages.length > 0) await filesystem.sync();

  removeResumeHint(store); // what it says is done with goes now
  const unreachable = [...store.listObjects()].filter(({ digest }) => !reachable.has(digest));
  const objectBytes = unreachable.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  let doneBytes = 0;
  for (const { digest, sizeBytes } of unreachable) {
    doneBytes += sizeBytes;
    filesystem.remove(store.objectFile(digest));
    onProgress?.(doneBytes, objectBytes);
  }
  removedBytes += objectBytes;
  await filesystem.sync(); // also when nothing was found: a killed run may have removed it without one
  return { removedImages, removedObjects: unreachable.length, removedBytes, keptObjects: reachable.size };
}
