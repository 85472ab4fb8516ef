/** The releases on a medium, as found: nothing about them has been verified but that their bytes fit their digests. */
import type { Digest } from "../oci/digest.ts";
import { type Envelope, parseEnvelope } from "../trust/dsse.ts";
import { RELEASE_ARTIFACT_TYPE } from "./media-type.ts";
import type { MountedMedium } from "./medium.ts";
import { type FoundArtifact, readArtifacts } from "./read-artifacts.ts";
import type { MediumProblem } from "./read-index.ts";

declare const unverifiedRelease: unique symbol;

/** Made by {@link listReleases} alone. */
export interface UnverifiedRelease {
  readonly [unverifiedRelease]: true;
  /** Of the artifact's manifest in the index; differs when a signature is added. */
  readonly manifestDigest: Digest;
  readonly envelope: Envelope;
}

export interface ReleaseList {
  readonly releases: readonly UnverifiedRelease[];
  /** What looked like a release and could not be read; it never hides the others. */
  readonly problems: readonly MediumProblem[];
}

/**
 * Every release that the index of the medium names.
 * @throws BundleError BUNDLE_INDEX_TOO_LONG; OciError for an index that cannot be read at all; the reason of the signal
 */
export async function listReleases(medium: MountedMedium, signal?: AbortSignal): Promise<ReleaseList> {
  const releases: UnverifiedRelease[] = [];
  const problems = await forEachRelease(medium, (release) => releases.push(release), signal);
  return { releases, problems };
}

/**
 * Shows every release that the index of the medium names to `use`, one after the other: of a hostile medium with
 * thousands of large envelopes only one is in memory.
 * @param use a coded error that it throws is a problem of that release
 * @returns what was wrong with releases, in the order of the index
 * @throws as {@link listReleases}
 */
export async function forEachRelease(
  medium: MountedMedium,
  use: (release: UnverifiedRelease) => void,
  signal?: AbortSignal,
): Promise<readonly MediumProblem[]> {
  const show = ({ manifestDigest, envelopeBytes }: FoundArtifact) => {
    const release: Omit<UnverifiedRelease, typeof unverifiedRelease> = {
      manifestDigest,
      envelope: parseEnvelope(envelopeBytes),
    };
    use(release as UnverifiedRelease);
  };
  const { problems } = await readArtifacts(medium, RELEASE_ARTIFACT_TYPE, show, signal);
  return problems;
}
