/** The trust root that a person names on the workstation. */
import { OciError } from "../oci/error.ts";
import { type Envelope, parseEnvelopeToSign } from "../trust/dsse.ts";
import { TrustError } from "../trust/error.ts";
import type { TrustedRoot } from "../trust/root.ts";
import { newestOf, parseRootFile } from "../trust/root-chain.ts";
import type { CliContext } from "./context.ts";
import { CliError } from "./error.ts";
import { readInputFile } from "./read-input.ts";

/**
 * The newest root of a file, which may hold the whole chain.
 * @throws CliError CLI_USAGE for another kind of file; TrustError when its own root keys, or those of the root before it, do
 * not bear it out; HostError
 */
export function readRootFile(context: CliContext, file: string): TrustedRoot {
  const bytes = readInputFile(context.path(file));
  try {
    return newestOf(parseRootFile(bytes));
  } catch (error) {
    if (error instanceof TrustError && error.code !== "TRUST_ENVELOPE_INVALID") throw error;
    throw noRoot(file, error);
  }
}

/** The envelope of a root that may still lack signatures. @throws CliError CLI_USAGE for another kind of file; HostError */
export function readRootEnvelope(context: CliContext, file: string): Envelope {
  const bytes = readInputFile(context.path(file));
  try {
    return parseEnvelopeToSign(bytes);
  } catch (error) {
    throw noRoot(file, error);
  }
}

/** Errors that do not speak of a malformed file pass unchanged. */
function noRoot(file: string, error: unknown): unknown {
  if (!(error instanceof OciError) && !(error instanceof TrustError)) return error;
  return new CliError("CLI_USAGE", `${file} is no trust root: ${error.message}`, { cause: error });
}
