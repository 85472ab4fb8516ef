/** Key files that a person names: public and private halves in PEM, with errors that say which file is meant. */
import { TrustError } from "../trust/error.ts";
import { type PrivateKey, type PublicKey, parsePrivateKeyPem, parsePublicKeyPem } from "../trust/keys.ts";
import type { CliContext } from "./context.ts";
import { readPassphrase } from "./passphrase.ts";
import { readInputFile } from "./read-input.ts";

/**
 * The private key in `file`; its passphrase is looked for only when it is encrypted.
 * @throws TrustError TRUST_KEY_…, TRUST_PASSPHRASE_WRONG; CliError CLI_PASSPHRASE_NEEDED; HostError
 */
export async function openPrivateKey(
  context: CliContext,
  file: string,
  passphraseFile: string | undefined,
): Promise<PrivateKey> {
  const plain = openPlainKey(context, file);
  if (plain !== undefined) return plain;
  const passphrase = await readPassphrase(context, file, passphraseFile);
  try {
    return parsePrivateKeyPem(readInputFile(context.path(file)).toString("utf8"), passphrase);
  } catch (error) {
    throw naming(error, file);
  }
}

/** The private key in `file`, or undefined when it is encrypted. @throws TrustError TRUST_KEY_…; HostError */
export function openPlainKey(context: CliContext, file: string): PrivateKey | undefined {
  try {
    return parsePrivateKeyPem(readInputFile(context.path(file)).toString("utf8"));
  } catch (error) {
    if (error instanceof TrustError && error.code === "TRUST_PASSPHRASE_NEEDED") return undefined;
    throw naming(error, file);
  }
}

/** The same error with the file's name in front: with several keys the message must say which one. */
function naming(error: unknown, file: string): unknown {
  return error instanceof TrustError
    ? new TrustError(error.code, `${file}: ${error.message}`, { cause: error })
    : error;
}

/** @throws TrustError TRUST_KEY_INVALID, TRUST_KEY_TYPE; HostError */
export function readPublicKey(context: CliContext, file: string): PublicKey {
  const pem = readInputFile(context.path(file)).toString("utf8");
  try {
    return parsePublicKeyPem(pem);
  } catch (error) {
    throw naming(error, file);
  }
}

/** Whether the file holds a private key; says nothing about whether it can be opened. */
export function isPrivateKeyFile(context: CliContext, file: string): boolean {
  return /-----BEGIN (?:ENCRYPTED )?PRIVATE KEY-----/.test(readInputFile(context.path(file)).toString("utf8"));
}
