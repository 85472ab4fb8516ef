/** Files with trust roots that a person names on the workstation: one root, or a chain of them, one on each line. */
import { OciError } from "../oci/error.ts";
import { type Envelope, parseEnvelopeToSign } from "../trust/dsse.ts";
import { TrustError } from "../trust/error.ts";
import { ROOT_PAYLOAD_TYPE, type TrustedRoot } from "../trust/root.ts";
import { newestOf, parseRootFile, splitRootFile } from "../trust/root-chain.ts";
import type { CliContext } from "./context.ts";
import { CliError } from "./error.ts";
import { readInputFile } from "./read-input.ts";

/** The newest root of a file. Errors as {@link readRootChain}. */
export function readRootFile(context: CliContext, file: string): TrustedRoot {
  return newestOf(readRootChain(context, file));
}

/**
 * All roots of a file, ascending, each step verified.
 * @throws CliError CLI_USAGE for another kind of file; TrustError when signatures are missing or a step does not follow; HostError
 */
export function readRootChain(context: CliContext, file: string): readonly [TrustedRoot, ...TrustedRoot[]] {
  const bytes = readInputFile(context.path(file));
  try {
    return parseRootFile(bytes);
  } catch (error) {
    throw isOtherFile(error) ? noRoot(file, error) : error;
  }
}

/** The envelopes of a file, as they stand; they may lack signatures. @throws CliError CLI_USAGE for another kind of file; HostError */
export function readRootEnvelopes(context: CliContext, file: string): readonly Envelope[] {
  const bytes = readInputFile(context.path(file));
  try {
    return splitRootFile(bytes).map((part) => refuseOtherTypes(parseEnvelopeToSign(part)));
  } catch (error) {
    throw isOtherFile(error) ? noRoot(file, error) : error;
  }
}

/** Before anything is shown: a holder must never sign a release that was passed on as a root. */
function refuseOtherTypes(envelope: Envelope): Envelope {
  if (envelope.payloadType === ROOT_PAYLOAD_TYPE) return envelope;
  throw new TrustError("TRUST_PAYLOAD_TYPE", `its payload type is ${JSON.stringify(envelope.payloadType)}`);
}

/** The one envelope of a file. Errors as {@link readRootEnvelopes}. */
export function readRootEnvelope(context: CliContext, file: string): Envelope {
  const [envelope, ...others] = readRootEnvelopes(context, file);
  if (envelope !== undefined && others.length === 0) return envelope;
  throw new CliError("CLI_USAGE", `${file} holds ${others.length + 1} roots; name a file with the one that is meant`);
}

function isOtherFile(error: unknown): error is OciError | TrustError {
  if (!(error instanceof TrustError)) return error instanceof OciError;
  return error.code === "TRUST_ENVELOPE_INVALID" || error.code === "TRUST_PAYLOAD_TYPE";
}

function noRoot(file: string, cause: OciError | TrustError): CliError {
  return new CliError("CLI_USAGE", `${file} is no trust root: ${cause.message}`, { cause });
}
