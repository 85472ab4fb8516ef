/**
 * The last look at a medium before it travels: the release that was just written, read from the medium itself. With the
 * devices' root as they will check it; without one its contents only.
 */
import { type MountedMedium, openMedium } from "../bundle/medium.ts";
import { listRoots } from "../bundle/read-root.ts";
import type { Digest } from "../oci/digest.ts";
import { OciError } from "../oci/error.ts";
import type { AbsPath } from "../path.ts";
import type { TrustedRoot } from "../trust/root.ts";
import { ReleaseError } from "./error.ts";
import { findRelease, readReleases } from "./existing-releases.ts";
import type { ReleasePorts } from "./ports.ts";
import { readContents } from "./read-contents.ts";
import { verifyReleases } from "./verify-releases.ts";

export interface ReadBack {
  readonly blobs: number;
  readonly bytes: number;
  /** Whether the signatures were checked against a root as well. */
  readonly signaturesChecked: boolean;
}

/** What was written, and what is to be checked about it. */
export interface WrittenRelease {
  readonly manifestDigest: Digest;
  /** Of the devices; undefined also while signatures are still missing. */
  readonly root: TrustedRoot | undefined;
  /** Those that were put beside it. */
  readonly carriedRoots: readonly TrustedRoot[];
}

/**
 * @param mountPoint of the medium, freshly mounted
 * @throws ReleaseError RELEASE_WRITTEN_DIFFERS; TrustError, BundleError as a device would refuse it
 */
export async function verifyMedium(
  mountPoint: AbsPath,
  { manifestDigest, root, carriedRoots }: WrittenRelease,
  ports: Pick<ReleasePorts, "signal" | "openProgress">,
): Promise<ReadBack> {
  try {
    const medium = await openMedium(mountPoint, ports.signal);
    await verifyCarried(medium, carriedRoots, ports.signal);
    const found = findRelease((await readReleases(medium, ports.signal)).releases, manifestDigest);
    if (root === undefined) {
      const { blobs, bytes } = await readContents(medium, found, ports);
      return { blobs, bytes, signaturesChecked: false };
    }
    const [result] = await verifyReleases(medium, [found], root, ports);
    if (result?.kind === "bad") throw result.error;
    return { blobs: result?.blobs ?? 0, bytes: result?.bytes ?? 0, signaturesChecked: true };
  } catch (error) {
    if (!(error instanceof OciError) && !(error instanceof ReleaseError)) throw error;
    const message = `the medium does not give back what was written to it: ${error.message}`;
    throw new ReleaseError("RELEASE_WRITTEN_DIFFERS", message, { cause: error });
  }
}

/** A device that cannot read a root of the chain stays with its old one, and refuses the release beside it. */
async function verifyCarried(
  medium: MountedMedium,
  expected: readonly TrustedRoot[],
  signal: AbortSignal,
): Promise<void> {
  const { roots } = await listRoots(medium, { signal });
  const missing = expected.find(({ digest }) => !roots.some(({ root }) => root.digest === digest));
  if (missing === undefined) return;
  throw new ReleaseError("RELEASE_WRITTEN_DIFFERS", `root version ${missing.version} is not readable`);
}
