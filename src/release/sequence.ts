/** The sequence of a new release, and whether it may stand beside those that are on the medium already. Pure. */
import type { Statement } from "../bundle/statement.ts";
import type { Digest } from "../oci/digest.ts";
import { ReleaseError } from "./error.ts";
import type { FoundRelease } from "./existing-releases.ts";

/**
 * `next` is one more than the highest of this name on the medium. A medium without one gives no answer: devices refuse
 * what is not above the sequence that they had last, so starting again at 1 would make a release that none installs.
 * @throws ReleaseError RELEASE_SEQUENCE_UNKNOWN
 */
export function chooseSequence(wanted: number | "next", name: string, existing: readonly FoundRelease[]): number {
  if (wanted !== "next") return wanted;
  const sequences = existing
    .filter(({ statement }) => statement.name === name)
    .map(({ statement }) => statement.sequence);
  if (sequences.length > 0) return Math.max(...sequences) + 1;
  throw new ReleaseError("RELEASE_SEQUENCE_UNKNOWN", `the medium holds no release of ${name} to count on from`);
}

/**
 * The release on the medium that has this payload already, if any.
 * @throws ReleaseError RELEASE_ALREADY_EXISTS for another one with the same name and the same version or sequence
 */
export function findSame(
  statement: Pick<Statement, "name" | "version" | "sequence">,
  payloadDigest: Digest | undefined,
  existing: readonly FoundRelease[],
): FoundRelease | undefined {
  const same = existing.find((found) => found.payloadDigest === payloadDigest);
  if (same !== undefined) return same;
  const rival = existing.find(
    ({ statement: other }) =>
      other.name === statement.name && (other.version === statement.version || other.sequence === statement.sequence),
  );
  if (rival === undefined) return undefined;
  const { name, version, sequence } = rival.statement;
  throw new ReleaseError(
    "RELEASE_ALREADY_EXISTS",
    `the medium holds another ${name}@${version} with sequence ${sequence}`,
  );
}
