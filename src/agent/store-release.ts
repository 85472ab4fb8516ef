/** Storing a release on this device while people see how far it is. */
import type { MountedMedium } from "../bundle/medium.ts";
import type { Target } from "../bundle/statement.ts";
import type { VerifiedRelease } from "../bundle/verify-release.ts";
import type { StoredImage } from "../deploy/stored-image.ts";
import type { IngestProgress } from "../store/ingest.ts";
import type { Session } from "./session.ts";

/** Stores the image of `target`. @throws as `DeployBackend.store` */
export function storeRelease(
  session: Session,
  medium: MountedMedium,
  release: VerifiedRelease,
  target: Target,
): Promise<StoredImage> {
  const { backend, signal } = session.ports;
  return backend.store(medium.layout, release, target, {
    signal,
    onProgress: (progress) => session.showProgress(describeProgress(progress)),
  });
}

function describeProgress({ phase, bytesDone, bytesTotal }: IngestProgress) {
  const label = phase === "checking" ? "checking what is on the device" : "reading the medium";
  return { phase, label, doneBytes: bytesDone, totalBytes: bytesTotal };
}
