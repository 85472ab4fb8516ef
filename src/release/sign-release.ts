/** Adds signatures to a release on a medium. The signed payload stays byte for byte; the artifact around it is replaced. */
import { openMedium } from "../bundle/medium.ts";
import { openMediumWriter } from "../bundle/medium-writer.ts";
import type { Digest } from "../oci/digest.ts";
import type { AbsPath } from "../path.ts";
import { addSignatures } from "../trust/dsse.ts";
import type { KeyId } from "../trust/keys.ts";
import type { TrustedRoot } from "../trust/root.ts";
import type { Signer } from "../trust/signer.ts";
import { type FoundRelease, findRelease, readReleases } from "./existing-releases.ts";
import type { ReleasePorts } from "./ports.ts";
import { prepareRelease, publishRelease } from "./publish-release.ts";
import { verifySignerRoles } from "./signer-roles.ts";

export interface SignRequest {
  readonly medium: AbsPath;
  /** Which release, as `findRelease` takes it. */
  readonly selector: string | undefined;
  readonly signers: readonly Signer[];
  readonly root: TrustedRoot | undefined;
}

export interface SignedRelease {
  readonly found: FoundRelease;
  readonly manifestDigest: Digest;
  readonly signedBy: readonly KeyId[];
}

/**
 * Signing again with the same key changes nothing.
 * @throws ReleaseError RELEASE_NOT_FOUND, RELEASE_AMBIGUOUS, RELEASE_KEY_NOT_TRUSTED; TrustError; BundleError; HostError
 */
export async function signRelease(request: SignRequest, ports: Pick<ReleasePorts, "exec">): Promise<SignedRelease> {
  const { signers, root } = request;
  const keyIds = signers.map((signer) => signer.publicKey.keyId);
  if (root !== undefined) verifySignerRoles(keyIds, root);
  const medium = await openMedium(request.medium); // before the writer, which would make a layout where there is none
  await using writer = await openMediumWriter(request.medium, ports);
  const found = findRelease((await readReleases(medium)).releases, request.selector);
  const envelope = await addSignatures(found.release.envelope, signers);
  const prepared = await prepareRelease(writer, found.statement, envelope);
  await publishRelease(writer, prepared, found);
  const { manifestDigest } = prepared;
  return { found, manifestDigest, signedBy: envelope.signatures.map(({ keyId }) => keyId) };
}
