/** What a collection would give back, before anything is removed for it. Reads only. */
import { lstatSync } from "node:fs";
import type { ImageDigest } from "../composefs/image-digest.ts";
import { imageObjects } from "../composefs/image-objects.ts";
import type { AbsPath } from "../path.ts";
import type { ContentDigest } from "../tree/node.ts";
import { storeError } from "./error.ts";
import { loadImage } from "./load-image.ts";
import type { ObjectStore } from "./object-store.ts";

export interface StoreGarbage {
  /** On disk: whole blocks, seals included. */
  readonly bytes: number;
  readonly inodes: number;
}

const STAT_BLOCK_BYTES = 512; // st_blocks counts in these, whatever the file system's own are

/**
 * What `collectStoreGarbage` frees when it keeps the images of `keep`.
 * @param isWanted objects that would have to be written again at once: they give no room
 * @throws StoreError STORE_IMAGE_MISSING, STORE_IMAGE_CORRUPT
 */
export function planStoreGarbage(
  store: ObjectStore,
  keep: readonly ImageDigest[],
  isWanted: (digest: ContentDigest) => boolean,
): StoreGarbage {
  const reachable = new Set<ContentDigest>();
  for (const digest of keep) {
    for (const object of imageObjects(loadImage(store, digest)).keys()) reachable.add(object);
  }
  const images = store.listImages().filter((digest) => !keep.includes(digest));
  const objects = [...store.listObjectNames()].filter((digest) => !reachable.has(digest) && !isWanted(digest));
  const files = [...images.map(store.imageFile), ...objects.map(store.objectFile)];
  return { bytes: files.reduce((sum, file) => sum + bytesOnDisk(file), 0), inodes: files.length };
}

function bytesOnDisk(path: AbsPath): number {
  try {
    return (lstatSync(path, { throwIfNoEntry: false })?.blocks ?? 0) * STAT_BLOCK_BYTES;
  } catch (error) {
    throw storeError(error, `looking at ${path}`);
  }
}
