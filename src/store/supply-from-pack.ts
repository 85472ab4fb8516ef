/**
 * Takes wanted objects from an object pack: only those of its layers are opened that hold something wanted, each once.
 *
 * What an earlier run has published is no longer wanted, so a run that was cut goes on where it stopped, without a record.
 */
import { PACK_LAYER_BYTES } from "../bundle/pack-artifact.ts";
import type { WantedObjects } from "../composefs/wanted-objects.ts";
import type { LayoutReader } from "../oci/layout.ts";
import type { PinnedContent } from "../oci/verified-blob.ts";
import { StoreError } from "./error.ts";
import { PackCursor } from "./pack-cursor.ts";
import { readInflated } from "./read-inflated.ts";
import type { PackOffer } from "./read-offers.ts";
import type { Staging } from "./staging.ts";

export interface PackOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onRead: (bytes: number) => void;
}

interface PackLayer {
  readonly blob: PinnedContent;
  /** Of its inflated content, in the contents of the pack. */
  readonly start: number;
  readonly end: number;
}

/**
 * Stages what is wanted, and publishes all of it but the last batch, which the caller publishes.
 * @throws StoreError STORE_PACK_INVALID; OciError; HostError; the reason of the signal
 */
export async function supplyFromPack(
  medium: LayoutReader,
  { list, contents, contentBytes }: PackOffer,
  wanted: WantedObjects,
  staging: Staging,
  { signal, onRead }: PackOptions,
): Promise<void> {
  const cursor = new PackCursor(list.objects, wanted, staging);
  for (const { blob, start, end } of packLayers(contents, contentBytes)) {
    if (wanted.count === 0) return;
    const last = cursor.lastWanted(start, end);
    if (last === undefined) continue;
    signal?.throwIfAborted();
    cursor.seek(start);
    const consumer = {
      write: (chunk: Buffer) => cursor.write(chunk),
      end: () => requireWhole(cursor.position, end, blob),
    };
    await readInflated(medium, blob, "zstd", consumer, {
      maxInflatedBytes: end - start, // BF-10.5: exactly so much, so a bomb ends at the first byte too many
      isEnough: () => cursor.position >= last && cursor.position < end,
      signal,
      onRead,
    });
    if (staging.pendingBytes >= staging.limits.publishBatchBytes) await staging.publish(signal);
  }
}

/** Where each layer stands in the contents of the pack. */
function packLayers(contents: readonly PinnedContent[], contentBytes: number): readonly PackLayer[] {
  return contents.map((blob, index) => ({
    blob,
    start: index * PACK_LAYER_BYTES,
    end: Math.min((index + 1) * PACK_LAYER_BYTES, contentBytes),
  }));
}

function requireWhole(position: number, end: number, { digest }: PinnedContent): void {
  if (position === end) return;
  const lack = `layer ${digest} inflates to ${end - position} bytes too few`;
  throw new StoreError("STORE_PACK_INVALID", `an object pack is not acceptable: ${lack}`);
}
