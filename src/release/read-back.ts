/**
 * Reading what was written back from the medium, before index.json names it.
 *
 * An unprivileged process cannot empty the page cache, so on a fresh medium this finds what went wrong between us and
 * the file system: bad memory, a lying driver, a medium that errs at once. One that loses bytes by itself shows after
 * it was removed and inserted again: `bootferry release verify`.
 */
import { OciError } from "../oci/error.ts";
import type { LayoutReader } from "../oci/layout.ts";
import { type PinnedContent, readVerifiedChunks } from "../oci/verified-blob.ts";
import { ReleaseError } from "./error.ts";
import type { ReleasePorts } from "./ports.ts";

/** @throws ReleaseError RELEASE_WRITTEN_DIFFERS */
export async function verifyWritten(
  layout: LayoutReader,
  blobs: readonly PinnedContent[],
  { signal, openProgress }: Pick<ReleasePorts, "signal" | "openProgress">,
): Promise<void> {
  const totalBytes = blobs.reduce((sum, { size }) => sum + size, 0);
  using progress = openProgress("verifying what was written", totalBytes);
  try {
    for (const blob of blobs) {
      for await (const chunk of readVerifiedChunks(layout, blob, signal)) progress.advance(chunk.length);
    }
  } catch (error) {
    if (!(error instanceof OciError)) throw error;
    const message = `the medium does not give back what was written to it: ${error.message}`;
    throw new ReleaseError("RELEASE_WRITTEN_DIFFERS", message, { cause: error });
  }
}
