/**
 * A release on its way from one holder of a key to the next: the statement in an envelope that may still lack signatures,
 * in a file of its own. The images stay on the medium.
 */
import { STATEMENT_PAYLOAD_TYPE } from "../bundle/media-type.ts";
import { parseStatement, type Statement } from "../bundle/statement.ts";
import { CodedError } from "../error.ts";
import { type Digest, digestOf } from "../oci/digest.ts";
import { addSignatures, type Envelope, parseEnvelopeToSign } from "../trust/dsse.ts";
import type { TrustedRoot } from "../trust/root.ts";
import type { Signer } from "../trust/signer.ts";
import { ReleaseError } from "./error.ts";
import { verifySignerRoles } from "./signer-roles.ts";

/** What is to be signed. Nobody has checked the signatures that it bears. */
export interface ReleaseFile {
  readonly envelope: Envelope;
  readonly statement: Statement;
  readonly payloadDigest: Digest;
}

/**
 * @param name of the file, for messages
 * @throws ReleaseError RELEASE_FILE_INVALID
 */
export function parseReleaseFile(bytes: Uint8Array, name: string): ReleaseFile {
  try {
    const envelope = parseEnvelopeToSign(bytes);
    const { payload, payloadType } = envelope;
    // Before the statement is shown: a holder must never sign a root document that was passed to him as a release.
    if (payloadType !== STATEMENT_PAYLOAD_TYPE)
      throw invalid(name, `its payload type is ${JSON.stringify(payloadType)}`);
    return { envelope, statement: parseStatement(payload), payloadDigest: digestOf(payload) };
  } catch (error) {
    if (error instanceof ReleaseError || !(error instanceof CodedError)) throw error;
    throw invalid(name, error.message, error);
  }
}

function invalid(name: string, why: string, cause?: unknown): ReleaseError {
  return new ReleaseError("RELEASE_FILE_INVALID", `${name} is no release to sign: ${why}`, { cause });
}

/**
 * The envelope with the signatures of `signers` added.
 * @param root when given, every signer must hold a role of it that signs releases
 * @throws ReleaseError RELEASE_KEY_NOT_TRUSTED; whatever a signer throws
 */
export async function signReleaseFile(
  { envelope }: ReleaseFile,
  signers: readonly Signer[],
  root: TrustedRoot | undefined,
): Promise<Envelope> {
  const keyIds = signers.map(({ publicKey }) => publicKey.keyId);
  if (root !== undefined) verifySignerRoles(keyIds, root);
  return addSignatures(envelope, signers);
}
