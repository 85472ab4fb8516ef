/** What a medium needs of a device, for who plans a visit and has neither the device nor its store at hand. */
import { readImageBlobs } from "../bundle/image-blobs.ts";
import type { Target } from "../bundle/statement.ts";
import type { BaseName } from "../composefs/object-list.ts";
import type { Digest } from "../oci/digest.ts";
import type { LayoutReader } from "../oci/layout.ts";
import { StoreError } from "./error.ts";
import { describeBases } from "./evaluate-supply.ts";
import { readBases } from "./read-bases.ts";

/** Releases of which a device needs one; empty for a target that is there in full. @throws OciError, BundleError */
async function readNeeds(layout: LayoutReader, target: Target, signal?: AbortSignal): Promise<readonly BaseName[]> {
  const { layers } = await readImageBlobs(layout, target.image, target.architecture, signal);
  for (const { digest } of layers) {
    if ((await layout.blobSizeBytes(digest)) === undefined) return readBases(layout, target.image.digest, signal);
  }
  return [];
}

/**
 * @param held payload digests of the releases that the device has
 * @throws StoreError STORE_BASE_MISSING for a delta on none of them; OciError, BundleError for the documents of the image;
 *   the reason of the signal
 */
export async function requireHeldBase(
  layout: LayoutReader,
  target: Target,
  held: readonly Digest[],
  signal?: AbortSignal,
): Promise<void> {
  const bases = await readNeeds(layout, target, signal);
  if (bases.length === 0 || bases.some(({ payloadDigest }) => held.includes(payloadDigest))) return;
  const needs = `a delta that needs ${describeBases(bases)} on the device`;
  throw new StoreError(
    "STORE_BASE_MISSING",
    `the medium carries the system for ${target.compatible} as ${needs}, which has none of them`,
  );
}
