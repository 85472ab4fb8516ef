/** The root documents on a medium, each checked against its own root role; whether one is ours the caller decides. */
import type { Digest } from "../oci/digest.ts";
import { parseRoot, type TrustedRoot } from "../trust/root.ts";
import { ROOT_ARTIFACT_TYPE } from "./media-type.ts";
import type { MountedMedium } from "./medium.ts";
import { type MediumProblem, readArtifacts } from "./read-artifacts.ts";

/** A root as a medium carries it. It is signed by itself; that it is ours is not known. */
export interface CarriedRoot {
  readonly manifestDigest: Digest;
  readonly root: TrustedRoot;
  readonly envelopeBytes: Buffer;
}

export interface RootList {
  readonly roots: readonly CarriedRoot[];
  readonly problems: readonly MediumProblem[];
}

/**
 * Every root document that the index of the medium names.
 * @throws BundleError BUNDLE_INDEX_TOO_LONG; OciError for an index that cannot be read at all
 */
export async function listRoots(medium: MountedMedium): Promise<RootList> {
  const { found, problems } = await readArtifacts(medium, ROOT_ARTIFACT_TYPE, ({ manifestDigest, envelopeBytes }) => ({
    manifestDigest,
    root: parseRoot(envelopeBytes),
    envelopeBytes,
  }));
  return { roots: found, problems };
}
