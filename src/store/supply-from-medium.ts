/** Takes wanted objects from all that a medium offers: packs first, which are the cheapest to read, then layers. */

import type { WantedObjects } from "../composefs/wanted-objects.ts";
import { CodedError, EXIT } from "../error.ts";
import type { LayoutReader } from "../oci/layout.ts";
import { StoreError } from "./error.ts";
import type { Offers } from "./read-offers.ts";
import type { Staging } from "./staging.ts";
import { supplyFromPack } from "./supply-from-pack.ts";
import { type SupplyOptions, supplyObjects } from "./supply-objects.ts";

/**
 * Stages what is wanted, as far as the medium has it, and publishes all of it but the last batch. A pack that turns out to
 * be no good is told when nothing else on the medium makes up for it.
 * @throws OciError, TreeError, StoreError, HostError; the reason of the signal
 */
export async function supplyFromMedium(
  medium: LayoutReader,
  offers: Offers,
  wanted: WantedObjects,
  staging: Staging,
  options: SupplyOptions,
): Promise<void> {
  const { signal, onProgress } = options;
  const layers = offers.layers.filter((layer) => !offers.absentLayers.includes(layer));
  let packError: unknown;
  for (const pack of offers.packs) {
    let bytesDone = 0;
    const bytesTotal = pack.contents.reduce((sum, { size }) => sum + size, 0);
    const onRead = (bytes: number) => {
      bytesDone += bytes;
      onProgress?.(bytesDone, bytesTotal);
    };
    try {
      await supplyFromPack(medium, pack, wanted, staging, { signal, onRead });
      if (wanted.count === 0) onProgress?.(bytesTotal, bytesTotal);
    } catch (error) {
      signal?.throwIfAborted();
      if (layers.length === 0 || !isAboutPack(error)) throw error;
      packError = error;
    }
  }
  if (wanted.count > 0 && layers.length > 0) await supplyObjects(medium, offers.layers, wanted, staging, options);
  if (wanted.count > 0 && packError !== undefined) throw packError;
}

function isAboutPack(error: unknown): boolean {
  return error instanceof CodedError && (error.exitStatus === EXIT.medium || error.code.startsWith("OCI_"));
}

/** What is still wanted when all was read. */
export function missingFromMedium(
  medium: LayoutReader,
  { absentLayers, problems }: Offers,
  wanted: WantedObjects,
  what: string,
): StoreError {
  const first = absentLayers[0]?.digest;
  const lacks = first === undefined ? "" : `, which lacks ${absentLayers.length} layers (first ${first})`;
  const unusable = problems[0] === undefined ? "" : `; something on it could not be read: ${problems[0].message}`;
  return new StoreError(
    "STORE_OBJECT_MISSING_FROM_MEDIUM",
    `${wanted.count} ${what} are in no layer on ${medium.location}${lacks}${unusable}`,
  );
}
