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
 * makes way, and it is tried once more; but only for a release that fits then: no other is worth the way back.
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
  let planned: Parameters<Preflight> | undefined;
  const { problem } = await backend.probe();
  if (problem !== undefined) {
    throw new DeployError("DEPLOY_LOADER_UNSAFE", `the boot loader cannot fall back: ${problem}`);
  }
  const ingest = () =>
    ingestRelease(store, medium.layout, release, target, {
      signal,
      onProgress: (progress) => session.showProgress(describeProgress(progress)),
      onPlan: (...plan) => {
        planned = plan;
        return preflight(...plan);
      },
    });
  try {
    return await ingest();
  } catch (error) {
    if (!(error instanceof CodedError) || error.exitStatus !== EXIT.noSpace) throw error;
    if (planned === undefined || !(await wouldFit(session, ...planned))) throw error;
    const { deployments, freedBytes } = await backend.gc({ dropRollback: true });
    if (deployments.length === 0 && freedBytes === 0) throw error;
    return await ingest();
  }
}

type Preflight = Session["ports"]["preflight"];

/** Asks preflight again, as if what the rollback deployment takes were free already. */
async function wouldFit({ ports }: Session, ...[plan, root]: Parameters<Preflight>): Promise<boolean> {
  const freed = await ports.backend.planGc({ dropRollback: true }, (digest) => plan.reused.has(digest));
  const { neededBytes, neededInodes } = plan;
  const rest = { ...plan, neededBytes: neededBytes - freed.bytes, neededInodes: neededInodes - freed.inodes };
  try {
    await ports.preflight(rest, root);
    return true;
  } catch (error) {
    if (error instanceof CodedError && error.exitStatus === EXIT.noSpace) return false;
    throw error;
  }
}

function describeProgress({ phase, bytesDone, bytesTotal }: IngestProgress) {
  const label = phase === "checking" ? "checking what is on the device" : "reading the medium";
  return { label, doneBytes: bytesDone, totalBytes: bytesTotal };
}
