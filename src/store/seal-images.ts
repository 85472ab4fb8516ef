/** Seals of a stored image: which of its files lack one, and giving it to them. */
import type { ImageDigest } from "../composefs/image-digest.ts";
import { imageObjects } from "../composefs/image-objects.ts";
import type { AbsPath } from "../path.ts";
import { loadImage } from "./load-image.ts";
import type { ObjectStore } from "./object-store.ts";
import { sealFiles, unsealedFiles } from "./seal.ts";

/**
 * Files of these images that are not sealed: objects, and the images themselves. Each stands once.
 * @throws StoreError STORE_IMAGE_MISSING, STORE_IMAGE_CORRUPT; HostError
 */
export async function findUnsealed(
  store: ObjectStore,
  images: readonly ImageDigest[],
  signal?: AbortSignal,
): Promise<readonly AbsPath[]> {
  const files = new Set<AbsPath>();
  for (const digest of images) {
    files.add(store.imageFile(digest));
    for (const object of imageObjects(loadImage(store, digest)).keys()) files.add(store.objectFile(object));
  }
  return unsealedFiles(store.exec, [...files], signal);
}

/**
 * Seals what of these images is not sealed yet.
 * @returns how many files were sealed
 * @throws StoreError STORE_VERITY_UNAVAILABLE when one of them cannot be; HostError
 */
export async function sealImages(
  store: ObjectStore,
  images: readonly ImageDigest[],
  signal?: AbortSignal,
): Promise<number> {
  const files = await findUnsealed(store, images, signal);
  await sealFiles(store.exec, files, signal);
  return files.length;
}
