/**
 * Brings signatures that were made elsewhere back to the medium: the release is published there, or the one that is
 * published gets what it lacked. Doing it again changes nothing.
 */

import { BundleError } from "../bundle/error.ts";
import { type MountedMedium, openMedium } from "../bundle/medium.ts";
import { openMediumWriter } from "../bundle/medium-writer.ts";
import type { Statement } from "../bundle/statement.ts";
import type { Digest } from "../oci/digest.ts";
import { OciError } from "../oci/error.ts";
import type { AbsPath } from "../path.ts";
import type { KeyId } from "../trust/keys.ts";
import { dropUnfit, mergeEnvelopes } from "../trust/merge-envelopes.ts";
import type { TrustedRoot } from "../trust/root.ts";
import { ReleaseError } from "./error.ts";
import { readReleases } from "./existing-releases.ts";
import type { ReleasePorts } from "./ports.ts";
import { prepareRelease, publishRelease } from "./publish-release.ts";
import { readContents } from "./read-contents.ts";
import type { ReleaseFile } from "./release-file.ts";
import { findSame } from "./sequence.ts";
import { signingKeys, verifySignerRoles } from "./signer-roles.ts";

export interface AttachRequest {
  /** Copies of one file, each with the signatures of other holders. */
  readonly files: readonly [ReleaseFile, ...ReleaseFile[]];
  readonly medium: AbsPath;
  /** When given, signatures of its keys are checked and those of other keys refused. */
  readonly root: TrustedRoot | undefined;
}

export interface AttachedRelease {
  readonly statement: Statement;
  readonly payloadDigest: Digest;
  readonly manifestDigest: Digest;
  readonly signedBy: readonly KeyId[];
}

/**
 * A release that is not on the medium yet is published only when every blob that it names was read there and is right.
 * @throws TrustError TRUST_PAYLOADS_DIFFER, TRUST_SIGNATURE_UNFIT; ReleaseError RELEASE_UNSIGNED, RELEASE_KEY_NOT_TRUSTED,
 *   RELEASE_ALREADY_EXISTS, RELEASE_INCOMPLETE; BundleError; OciError; HostError
 */
export async function attachRelease(
  { files, medium: mountPoint, root }: AttachRequest,
  ports: Pick<ReleasePorts, "exec" | "signal" | "openProgress">,
): Promise<AttachedRelease> {
  const [{ statement, payloadDigest, envelope: first }, ...others] = files;
  const keys = root === undefined ? [] : signingKeys(root);
  const offered = mergeEnvelopes([first, ...others.map(({ envelope }) => envelope)], keys);
  if (root !== undefined) {
    verifySignerRoles(
      offered.signatures.map(({ keyId }) => keyId),
      root,
    );
  }
  const medium = await openMedium(mountPoint); // before the writer, which would make a layout where there is none
  await using writer = await openMediumWriter(mountPoint, ports);
  const { releases } = await readReleases(medium, ports.signal);
  const same = findSame(statement, payloadDigest, releases);
  const envelope =
    same === undefined ? offered : mergeEnvelopes([offered, dropUnfit(same.release.envelope, keys)], keys);
  const signedBy = envelope.signatures.map(({ keyId }) => keyId);
  if (signedBy.length === 0) {
    throw new ReleaseError("RELEASE_UNSIGNED", `nobody has signed ${statement.name}@${statement.version} yet`); // BF-2.3
  }
  if (same === undefined) await verifyThere(medium, statement, ports);
  const prepared = await prepareRelease(writer, statement, envelope);
  ports.signal.throwIfAborted();
  await publishRelease(writer, prepared, same);
  return { statement, payloadDigest, manifestDigest: prepared.manifestDigest, signedBy };
}

async function verifyThere(
  medium: MountedMedium,
  statement: Statement,
  ports: Pick<ReleasePorts, "signal" | "openProgress">,
): Promise<void> {
  try {
    await readContents(medium, { statement }, ports);
  } catch (error) {
    if (!(error instanceof OciError) && !(error instanceof BundleError)) throw error;
    const message = `the medium lacks what ${statement.name}@${statement.version} names: ${error.message}`;
    throw new ReleaseError("RELEASE_INCOMPLETE", message, { cause: error });
  }
}
