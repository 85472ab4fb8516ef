/** The keys that a command signs with: `--key` files and `--signer` commands, in the order given. */
import { commandSigner, keySigner, type Signer } from "../trust/signer.ts";
import type { CliContext } from "./context.ts";
import { CliError } from "./error.ts";
import { openPrivateKey, readPublicKey } from "./key-files.ts";
import type { SigningOptions } from "./options.ts";

/**
 * @throws CliError CLI_USAGE without any, CLI_PASSPHRASE_NEEDED; TrustError TRUST_KEY_…, TRUST_PASSPHRASE_…; HostError
 */
export async function openSigners(context: CliContext, options: SigningOptions): Promise<readonly Signer[]> {
  const { key: files = [], signer: commands = [] } = options;
  if (files.length + commands.length === 0)
    throw new CliError("CLI_USAGE", "nothing to sign with: give --key or --signer");
  const signers: Signer[] = [];
  for (const [index, file] of files.entries()) {
    signers.push(keySigner(await openPrivateKey(context, file, passphraseFileFor(options, index))));
  }
  return [...signers, ...commands.map((command) => openCommandSigner(context, command))];
}

function passphraseFileFor(options: SigningOptions, index: number): string | undefined {
  const { key: keys = [], passphraseFile: files = [] } = options;
  if (files.length > 1 && files.length !== keys.length) {
    throw new CliError(
      "CLI_USAGE",
      `${keys.length} keys, but ${files.length} passphrase files: give one, or one for each`,
    );
  }
  return files[index] ?? files[0];
}

/** Nothing is run before it signs. @throws CliError CLI_USAGE; TrustError TRUST_KEY_…; HostError */
export function openCommandSigner(context: CliContext, text: string): Signer {
  const [, publicKeyFile, command] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  const [program, ...args] = command?.split(" ").filter((word) => word !== "") ?? [];
  if (publicKeyFile === undefined || program === undefined) {
    throw new CliError("CLI_USAGE", `--signer wants PUBLIC-KEY-FILE=COMMAND, got ${JSON.stringify(text)}`);
  }
  return commandSigner(readPublicKey(context, publicKeyFile), [program, ...args], context.exec);
}
