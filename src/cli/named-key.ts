/** Key files named on the command line of which either half will do: NAME.pub lists the key, NAME.key signs as well. */
import { basename } from "node:path";
import type { PublicKey } from "../trust/keys.ts";
import { keySigner, type Signer } from "../trust/signer.ts";
import type { CliContext } from "./context.ts";
import { isPrivateKeyFile, openPrivateKey, readPublicKey } from "./key-files.ts";

export interface NamedKey {
  readonly publicKey: PublicKey;
  /** The file's name without its extension: who holds the key, for people. */
  readonly label: string;
  /** Undefined when only the public half was given. */
  readonly signer: Signer | undefined;
}

/** @throws TrustError TRUST_KEY_…, TRUST_PASSPHRASE_…; CliError CLI_PASSPHRASE_NEEDED; HostError */
export async function openNamedKey(
  context: CliContext,
  file: string,
  passphraseFile: string | undefined,
): Promise<NamedKey> {
  const label = basename(file).replace(/\.(pub|key|pem)$/, "");
  if (isPrivateKeyFile(context, file)) {
    const signer = keySigner(await openPrivateKey(context, file, passphraseFile));
    return { publicKey: signer.publicKey, label, signer };
  }
  return { publicKey: readPublicKey(context, file), label, signer: undefined };
}
