/** The tree of an image that the store holds. */
import type { ImageDigest } from "../composefs/image-digest.ts";
import { readImage } from "../composefs/read-image.ts";
import type { DirectoryNode } from "../tree/node.ts";
import { StoreError } from "./error.ts";
import { fileSizeBytes, type ObjectStore } from "./object-store.ts";
import { readStoredImage } from "./signed-tree.ts";

/**
 * Reads, digests and parses an image of the store.
 * @throws StoreError STORE_IMAGE_MISSING, STORE_IMAGE_CORRUPT; HostError
 */
export function loadImage(store: ObjectStore, digest: ImageDigest): DirectoryNode {
  const bytes = readStoredImage(store, digest);
  if (bytes !== undefined) return readImage(bytes);
  const path = store.imageFile(digest);
  if (fileSizeBytes(path) === undefined) throw new StoreError("STORE_IMAGE_MISSING", `${path} is not there`);
  throw new StoreError("STORE_IMAGE_CORRUPT", `the content of ${path} has not the digest that it is named by`);
}
