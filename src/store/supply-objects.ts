/**
 * Takes wanted objects from the layers of an image on a medium: each blob is opened at most once, and only while
 * something is still wanted.
 *
 * The top layer comes first. The order does not matter for what is stored (an object's name is its content), but an
 * update's new files are in the upper layers, so the large base often need not be read at all.
 */
import { readImageBlobs } from "../bundle/image-blobs.ts";
import type { Target } from "../bundle/statement.ts";
import { collectObjects } from "../composefs/object-collector.ts";
import type { WantedObjects } from "../composefs/wanted-objects.ts";
import type { Descriptor } from "../oci/document.ts";
import type { LayoutReader } from "../oci/layout.ts";
import type { DirectoryNode } from "../tree/node.ts";
import { inflationBudgetBytes } from "./inflation-budget.ts";
import { readLayer } from "./read-layer.ts";
import type { Staging } from "./staging.ts";

/**
 * The layers of the image that `target` pins, bottom first; its config must fit the target, as for who verified the medium.
 * @throws BundleError BUNDLE_IMAGE_MISMATCH; OciError; the reason of the signal
 */
export async function readImageLayers(
  medium: LayoutReader,
  target: Target,
  signal?: AbortSignal,
): Promise<readonly Descriptor[]> {
  const { layers } = await readImageBlobs(medium, target.image, target.architecture, signal);
  return layers;
}

export interface SupplyOptions {
  /** The tree of the image: what bounds inflating its layers. */
  readonly root: DirectoryNode;
  /** Layers that are unlikely to hold anything wanted; they are read last. */
  readonly doneLayers?: ReadonlySet<string>;
  /** Told the layers that need not be read again, after each publication but the caller's. */
  readonly onLayersDone?: (layers: ReadonlySet<string>) => void;
  readonly signal?: AbortSignal | undefined;
  /** Told how many bytes of all layers were read or need not be read. */
  readonly onProgress?: ((bytesDone: number, bytesTotal: number) => void) | undefined;
}

/**
 * Stages what is wanted and publishes all of it but the last batch, which the caller publishes.
 * Layers that the medium does not carry are passed over: packs, other layers or the store may have what they hold.
 * @returns the layers that were wanted and are not on the medium
 * @throws OciError, TreeError, StoreError, HostError; the reason of the signal
 */
export async function supplyObjects(
  medium: LayoutReader,
  layers: readonly Descriptor[],
  wanted: WantedObjects,
  staging: Staging,
  options: SupplyOptions,
): Promise<readonly Descriptor[]> {
  const { signal, onProgress } = options;
  const handler = collectObjects(wanted, staging);
  const absent: Descriptor[] = [];
  const opened = new Set<string>();
  const bytesTotal = layers.reduce((sum, layer) => sum + layer.size, 0);
  let bytesDone = 0;
  let budgetBytes = inflationBudgetBytes(options.root, bytesTotal);
  for (const layer of inReadingOrder(layers, options.doneLayers)) {
    if (wanted.count === 0) break;
    if (opened.has(layer.digest)) continue; // an image may name a layer twice
    signal?.throwIfAborted();
    if ((await medium.blobSizeBytes(layer.digest)) === undefined) {
      absent.push(layer);
      continue;
    }
    opened.add(layer.digest);
    budgetBytes -= await readLayer(medium, layer, handler, {
      maxInflatedBytes: budgetBytes,
      isEnough: () => wanted.count === 0,
      signal,
      onRead(bytes) {
        bytesDone += bytes;
        onProgress?.(bytesDone, bytesTotal);
      },
    });
    if (staging.pendingBytes < staging.limits.publishBatchBytes) continue;
    await staging.publish(signal);
    options.onLayersDone?.(new Set([...(options.doneLayers ?? []), ...opened]));
  }
  onProgress?.(bytesTotal, bytesTotal);
  return absent;
}

function inReadingOrder(layers: readonly Descriptor[], done: ReadonlySet<string> = new Set()): readonly Descriptor[] {
  const topFirst = layers.toReversed();
  return [...topFirst.filter(({ digest }) => !done.has(digest)), ...topFirst.filter(({ digest }) => done.has(digest))];
}
