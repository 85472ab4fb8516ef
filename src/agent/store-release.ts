/** Storing a release on this device: space first, then one read of the medium. */
import type { MountedMedium } from "../bundle/medium.ts";
import type { Target } from "../bundle/statement.ts";
import type { VerifiedRelease } from "../bundle/verify-release.ts";
import { DeployError } from "../deploy/error.ts";
import { CodedError, EXIT } from "../error.ts";
import { type IngestProgress, ingestRelease, type StoredImage } from "../store/ingest.ts";
import type { Session } from "./session.ts";

/**
 * Stores the image of `target`. When there is no room, the deployment that is neither booted nor the last confirmed one
 * makes way, and it is tried once more.
 * @throws DeployError DEPLOY_LOADER_UNSAFE; StoreError, DeployError with exit status 5 for a lack of space; both before the
 *   first layer is read; and as `ingestRelease`
 */
export async function storeRelease(
  session: Session,
  medium: MountedMedium,
  release: VerifiedRelease,
  target: Target,
): Promise<StoredImage> {
  const { store, backend, preflight, signal } = session.ports;
  const { problem } = await backend.probe();
  if (problem !== undefined) {
    throw new DeployError("DEPLOY_LOADER_UNSAFE", `the boot loader cannot fall back: ${problem}`);
  }
  const ingest = () =>
    ingestRelease(store, medium.layout, release, target, {
      signal,
      onProgress: (progress) => session.showProgress(describeProgress(progress)),
      onPlan: preflight,
    });
  try {
    return await ingest();
  } catch (error) {
    if (!(error instanceof CodedError) || error.exitStatus !== EXIT.noSpace) throw error;
    const { deployments, freedBytes } = await backend.gc({ dropRollback: true });
    if (deployments.length === 0 && freedBytes === 0) throw error;
    return await ingest();
  }
}

function describeProgress({ phase, bytesDone, bytesTotal }: IngestProgress) {
  const label = phase === "checking" ? "checking what is on the device" : "reading the medium";
  return { label, doneBytes: bytesDone, totalBytes: bytesTotal };
}
