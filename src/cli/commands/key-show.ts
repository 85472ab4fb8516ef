/** `bootferry key show`: the key id and the public key, from either half of a pair. */
import { type Command, Option } from "commander";
import { formatPublicKeyPem } from "../../trust/keys.ts";
import type { CliContext } from "../context.ts";
import { addTeaching } from "../help.ts";
import { openNamedKey } from "../named-key.ts";
import { addOutputOptions } from "../options.ts";
import type { OutputOptions } from "../output.ts";

interface Options extends OutputOptions {
  readonly passphraseFile?: string;
}

export function registerKeyShow(parent: Command, context: CliContext): void {
  const command = parent
    .command("show")
    .summary("show a key's id and its public half")
    .description(
      "Shows the key id (sha256 of the SubjectPublicKeyInfo) and the public key of a private or public key file.",
    )
    .argument("<file>", "NAME.pub or NAME.key")
    .addOption(new Option("--passphrase-file <file>", "file with the passphrase of an encrypted private key"))
    .action(async (file: string, options: Options) => {
      const output = context.openOutput(options);
      const { publicKey: key } = await openNamedKey(context, file, options.passphraseFile);
      const publicPem = formatPublicKeyPem(key);
      output.result({ keyId: key.keyId, publicKeyPem: publicPem }, () => `key id  ${key.keyId}\n${publicPem}`);
    });
  addOutputOptions(command);
  addTeaching(command, { examples: [{ does: "Show who a public key is", command: "bootferry key show release.pub" }] });
}
