/** The releases that the packs of an image build on, for who takes no objects and only wants to know what is asked for. */
import { readPacks } from "../bundle/read-packs.ts";
import { type BaseName, MAX_OBJECT_LIST_BYTES, parseObjectList } from "../composefs/object-list.ts";
import { CodedError } from "../error.ts";
import type { Digest } from "../oci/digest.ts";
import type { LayoutReader } from "../oci/layout.ts";
import { readVerifiedBlob } from "../oci/verified-blob.ts";
import { MAX_PACKS } from "./read-offers.ts";

/**
 * @param image digest of its manifest
 * @throws the reason of the signal
 */
export async function readBases(
  layout: LayoutReader,
  image: Digest,
  signal?: AbortSignal,
): Promise<readonly BaseName[]> {
  const bases = new Map<Digest, BaseName>();
  for (const { list } of (await readPacks(layout, image, signal)).packs.slice(0, MAX_PACKS)) {
    try {
      const parsed = parseObjectList(await readVerifiedBlob(layout, list, MAX_OBJECT_LIST_BYTES, signal));
      for (const base of parsed.bases) bases.set(base.payloadDigest, base);
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof CodedError)) throw error; // an unsigned extra: what is wrong with it names no base
    }
  }
  return [...bases.values()];
}
