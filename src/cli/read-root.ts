/** The trust root that a person names on the workstation. */
import { OciError } from "../oci/error.ts";
import { type Envelope, formatEnvelope, parseEnvelopeToSign } from "../trust/dsse.ts";
import { TrustError } from "../trust/error.ts";
import { parseRoot, type TrustedRoot } from "../trust/root.ts";
import type { CliContext } from "./context.ts";
import { CliError } from "./error.ts";
import { readInputFile } from "./read-input.ts";

/** @throws CliError CLI_USAGE for another kind of file; TrustError when its own root keys do not bear it out; HostError */
export function readRootFile(context: CliContext, file: string): TrustedRoot {
  return parseRoot(formatEnvelope(readRootEnvelope(context, file)));
}

/** The envelope of a root that may still lack signatures. @throws CliError CLI_USAGE for another kind of file; HostError */
export function readRootEnvelope(context: CliContext, file: string): Envelope {
  const bytes = readInputFile(context.path(file));
  try {
    return parseEnvelopeToSign(bytes);
  } catch (error) {
    if (!(error instanceof OciError) && !(error instanceof TrustError)) throw error;
    throw new CliError("CLI_USAGE", `${file} is no trust root: ${error.message}`, { cause: error });
  }
}
