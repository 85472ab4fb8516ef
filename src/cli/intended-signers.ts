/** Who would sign, as far as it can be told without a passphrase: for rehearsals. */
import type { KeyId } from "../trust/keys.ts";
import type { CliContext } from "./context.ts";
import { openPlainKey, readPublicKey } from "./key-files.ts";
import type { SigningOptions } from "./options.ts";
import { isFile } from "./read-input.ts";
import { openCommandSigner } from "./signers.ts";

export interface IntendedSigner {
  /** As it was given: a key file, or a public key and the command that signs for it. */
  readonly source: string;
  /** Null for an encrypted key whose public half is not beside it. */
  readonly keyId: KeyId | null;
  readonly needsPassphrase: boolean;
}

/** @throws TrustError TRUST_KEY_…; CliError CLI_USAGE; HostError */
export function intendedSigners(context: CliContext, options: SigningOptions): readonly IntendedSigner[] {
  const { key: files = [], signer: commands = [] } = options;
  return [
    ...files.map((file) => intendedKey(context, file)),
    ...commands.map((command) => ({
      source: command,
      keyId: openCommandSigner(context, command).publicKey.keyId,
      needsPassphrase: false,
    })),
  ];
}

function intendedKey(context: CliContext, source: string): IntendedSigner {
  const plain = openPlainKey(context, source);
  if (plain !== undefined) return { source, keyId: plain.publicKey.keyId, needsPassphrase: false };
  const publicFile = source.replace(/(?:\.key)?$/, ".pub"); // as `key generate` names it
  const keyId = isFile(context.path(publicFile)) ? readPublicKey(context, publicFile).keyId : null;
  return { source, keyId, needsPassphrase: true };
}
