/** The root documents on a medium, each checked against its own root role; whether one is ours the caller decides. */
import type { Digest } from "../oci/digest.ts";
import { parseRoot, type TrustedRoot } from "../trust/root.ts";
import { BundleError } from "./error.ts";
import { ROOT_ARTIFACT_TYPE } from "./media-type.ts";
import type { MountedMedium } from "./medium.ts";
import { type FoundArtifact, readArtifacts } from "./read-artifacts.ts";
import type { MediumProblem } from "./read-index.ts";

/** Forty of the largest roots that say something, or ten thousand of those that we write. */
const MAX_KEPT_BYTES = 32 << 20;

/** A root as a medium carries it. It is signed by itself; that it is ours is not known. */
export interface CarriedRoot {
  readonly manifestDigest: Digest;
  readonly root: TrustedRoot;
}

export interface RootList {
  readonly roots: readonly CarriedRoot[];
  /** Versions of roots that are there and were not asked for. */
  readonly passedOver: readonly number[];
  readonly problems: readonly MediumProblem[];
}

export interface RootListOptions {
  /** Only roots above this version are kept; all of them by default. */
  readonly aboveVersion?: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Every root document that the index of the medium names. Of a hostile medium with a thousand large ones no more than
 * 32 MiB of envelopes stay in memory; what is beyond that is a problem of its own.
 * @throws BundleError BUNDLE_INDEX_TOO_LONG; OciError for an index that cannot be read at all; the reason of the signal
 */
export async function listRoots(
  medium: MountedMedium,
  { aboveVersion = 0, signal }: RootListOptions = {},
): Promise<RootList> {
  const roots: CarriedRoot[] = [];
  const passedOver: number[] = [];
  let keptBytes = 0;
  const keep = ({ manifestDigest, envelopeBytes }: FoundArtifact) => {
    const root = parseRoot(envelopeBytes);
    if (root.version <= aboveVersion) {
      passedOver.push(root.version);
      return;
    }
    // Who signed a root is known only when the one before it is, so all have to be kept until then
    if (keptBytes + envelopeBytes.length > MAX_KEPT_BYTES) throw tooMuch(root);
    keptBytes += envelopeBytes.length;
    roots.push({ manifestDigest, root });
  };
  const { problems } = await readArtifacts(medium, ROOT_ARTIFACT_TYPE, keep, signal);
  return { roots, passedOver, problems };
}

function tooMuch({ version }: TrustedRoot): BundleError {
  const limit = `the medium has more than ${MAX_KEPT_BYTES} bytes of root documents`;
  return new BundleError("BUNDLE_ROOTS_TOO_LARGE", `root version ${version} is not read: ${limit}`);
}
