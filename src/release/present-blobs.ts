/**
 * What a medium holds already, found out before anything is copied: each blob is read once, however many images share it,
 * and a rotten one counts as missing, so that it is written anew.
 */
import type { Digest } from "../oci/digest.ts";
import { OciError } from "../oci/error.ts";
import type { LayoutReader } from "../oci/layout.ts";
import { type PinnedContent, readVerifiedChunks } from "../oci/verified-blob.ts";
import type { ReleasePorts } from "./ports.ts";

/** @throws the reason of the signal */
export async function findPresent(
  layout: LayoutReader,
  blobs: readonly PinnedContent[],
  { signal, openProgress }: Pick<ReleasePorts, "signal" | "openProgress">,
): Promise<Set<Digest>> {
  const candidates = new Map<Digest, PinnedContent>();
  for (const blob of blobs) {
    if ((await layout.blobSizeBytes(blob.digest)) === blob.size) candidates.set(blob.digest, blob);
  }
  const totalBytes = candidates.values().reduce((sum, { size }) => sum + size, 0);
  using progress = openProgress("checking what is there already", totalBytes);
  const present = new Set<Digest>();
  for (const blob of candidates.values()) {
    try {
      for await (const chunk of readVerifiedChunks(layout, blob, signal)) progress.advance(chunk.length);
      present.add(blob.digest);
    } catch (error) {
      if (!(error instanceof OciError)) throw error;
    }
  }
  return present;
}
