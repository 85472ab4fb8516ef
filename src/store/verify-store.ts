/** Checking what the store holds against the images that need it, and reporting what is missing or has rotted. */
import { setImmediate } from "node:timers/promises";
import type { ImageDigest } from "../composefs/image-digest.ts";
import { imageObjects } from "../composefs/image-objects.ts";
import type { ContentDigest, DirectoryNode } from "../tree/node.ts";
import { checkObject } from "./check-object.ts";
import { StoreError } from "./error.ts";
import { loadImage } from "./load-image.ts";
import type { ObjectStore } from "./object-store.ts";

export interface CheckOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((bytesDone: number, bytesTotal: number) => void) | undefined;
}

export interface ObjectsReport {
  readonly checkedObjects: number;
  readonly checkedBytes: number;
  /** Objects that are not there, with their sizes in bytes. */
  readonly missing: ReadonlyMap<ContentDigest, number>;
  /** Objects whose size or content is wrong, with the sizes that they should have. */
  readonly corrupt: ReadonlyMap<ContentDigest, number>;
}

export interface StoreReport extends ObjectsReport {
  readonly missingImages: readonly ImageDigest[];
  readonly corruptImages: readonly ImageDigest[];
}

/** True when everything that was asked for is there and whole. */
export function isWhole(report: StoreReport): boolean {
  const { missing, corrupt, missingImages, corruptImages } = report;
  return missing.size === 0 && corrupt.size === 0 && missingImages.length === 0 && corruptImages.length === 0;
}

/**
 * Reads and digests images and everything that they name. What a damaged image names is not known and not checked.
 * @throws HostError when the store cannot be read; the reason of the signal
 */
export async function verifyStore(
  store: ObjectStore,
  images: readonly ImageDigest[],
  options: CheckOptions = {},
): Promise<StoreReport> {
  const roots: DirectoryNode[] = [];
  const missingImages: ImageDigest[] = [];
  const corruptImages: ImageDigest[] = [];
  for (const digest of images) {
    try {
      roots.push(loadImage(store, digest));
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      if (error.code === "STORE_IMAGE_MISSING") missingImages.push(digest);
      else if (error.code === "STORE_IMAGE_CORRUPT") corruptImages.push(digest);
      else throw error;
    }
  }
  return { ...(await verifyObjects(store, roots, options)), missingImages, corruptImages };
}

/**
 * Reads and digests everything that the trees name.
 * @throws HostError when the store cannot be read; the reason of the signal
 */
export function verifyObjects(
  store: ObjectStore,
  roots: readonly DirectoryNode[],
  options: CheckOptions = {},
): Promise<ObjectsReport> {
  return checkObjects(store, objectsOf(roots), options);
}

/** What several trees name together, with sizes in bytes. */
function objectsOf(roots: readonly DirectoryNode[]): ReadonlyMap<ContentDigest, number> {
  const objects = new Map<ContentDigest, number>();
  for (const root of roots) for (const [digest, sizeBytes] of imageObjects(root)) objects.set(digest, sizeBytes);
  return objects;
}

const BREATHE_BYTES = 32 << 20; // 0.1 s of digesting: signals and timers get their turn this often

/** Reads and digests the given objects; see {@link verifyObjects}. */
export async function checkObjects(
  store: ObjectStore,
  objects: ReadonlyMap<ContentDigest, number>,
  { signal, onProgress }: CheckOptions = {},
): Promise<ObjectsReport> {
  const missing = new Map<ContentDigest, number>();
  const corrupt = new Map<ContentDigest, number>();
  const bytesTotal = objects.values().reduce((sum, size) => sum + size, 0);
  let bytesDone = 0;
  let breathedAt = 0;
  signal?.throwIfAborted();
  for (const [digest, sizeBytes] of objects) {
    const state = checkObject(store, digest, sizeBytes);
    if (state === "missing") missing.set(digest, sizeBytes);
    if (state === "corrupt") corrupt.set(digest, sizeBytes);
    bytesDone += sizeBytes;
    if (bytesDone - breathedAt < BREATHE_BYTES) continue;
    breathedAt = bytesDone;
    onProgress?.(bytesDone, bytesTotal);
    await setImmediate();
    signal?.throwIfAborted();
  }
  onProgress?.(bytesDone, bytesTotal);
  return { checkedObjects: objects.size, checkedBytes: bytesDone, missing, corrupt };
}
