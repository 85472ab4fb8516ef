/** What a medium holds already, read without believing it: to choose a sequence, to find a release, to avoid a clash. */

import { STATEMENT_PAYLOAD_TYPE } from "../bundle/media-type.ts";
import type { MountedMedium } from "../bundle/medium.ts";
import type { MediumProblem } from "../bundle/read-index.ts";
import { listReleases, type UnverifiedRelease } from "../bundle/read-release.ts";
import { parseStatement, type Statement } from "../bundle/statement.ts";
import { CodedError } from "../error.ts";
import { type Digest, digestOf } from "../oci/digest.ts";
import { ReleaseError } from "./error.ts";

/** A release as it stands on a medium. Its statement is what it claims; nobody has checked who signed it. */
export interface FoundRelease {
  readonly release: UnverifiedRelease;
  readonly payloadDigest: Digest;
  readonly statement: Statement;
}

/** @throws BundleError BUNDLE_INDEX_TOO_LONG; OciError for an index that cannot be read; the reason of the signal */
export async function readReleases(
  medium: MountedMedium,
  signal?: AbortSignal,
): Promise<{ readonly releases: readonly FoundRelease[]; readonly problems: readonly MediumProblem[] }> {
  const { releases, problems } = await listReleases(medium, signal);
  const found: FoundRelease[] = [];
  const unreadable: MediumProblem[] = [...problems];
  for (const release of releases) {
    try {
      found.push(describe(release));
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      unreadable.push({ digest: release.manifestDigest, error });
    }
  }
  return { releases: found.toSorted(byNameAndSequence), problems: unreadable };
}

function describe(release: UnverifiedRelease): FoundRelease {
  const { payload, payloadType } = release.envelope;
  if (payloadType !== STATEMENT_PAYLOAD_TYPE) {
    throw new ReleaseError(
      "RELEASE_NOT_FOUND",
      `payload type: expected "${STATEMENT_PAYLOAD_TYPE}", got "${payloadType}"`,
    );
  }
  return { release, payloadDigest: digestOf(payload), statement: parseStatement(payload) };
}

function byNameAndSequence(a: FoundRelease, b: FoundRelease): number {
  if (a.statement.name !== b.statement.name) return a.statement.name < b.statement.name ? -1 : 1;
  return a.statement.sequence - b.statement.sequence;
}

/**
 * The release that `selector` names: `NAME@VERSION`, `NAME`, the digest of its payload or of its manifest (or at least
 * 12 digits of one); undefined names the only one there is.
 * @throws ReleaseError RELEASE_NOT_FOUND, RELEASE_AMBIGUOUS
 */
export function findRelease(releases: readonly FoundRelease[], selector: string | undefined): FoundRelease {
  const matching = selector === undefined ? releases : releases.filter((found) => matches(found, selector));
  const [release, ...others] = matching;
  const names = matching.map(({ statement }) => `${statement.name}@${statement.version}`).join(", ");
  if (release === undefined) {
    const what = selector === undefined ? "no release" : `no release ${JSON.stringify(selector)}`;
    throw new ReleaseError("RELEASE_NOT_FOUND", `the medium holds ${what}`);
  }
  if (others.length > 0) throw new ReleaseError("RELEASE_AMBIGUOUS", `the medium holds several releases: ${names}`);
  return release;
}

const DIGEST_PREFIX = /^(?:sha256:)?([0-9a-f]{12,64})$/;

function matches({ release, payloadDigest, statement }: FoundRelease, selector: string): boolean {
  if (selector === statement.name || selector === `${statement.name}@${statement.version}`) return true;
  const prefix = DIGEST_PREFIX.exec(selector)?.[1];
  if (prefix === undefined) return false;
  return [payloadDigest, release.manifestDigest].some((digest) => digest.startsWith(`sha256:${prefix}`));
}
