/** `bootferry key generate`: a new ed25519 key pair as NAME.key and NAME.pub. */
import { existsSync } from "node:fs";
import { type Command, Option } from "commander";
import { createDurably } from "../../host/durable-write.ts";
import { HostError } from "../../host/error.ts";
import { formatPrivateKeyPem, formatPublicKeyPem, generatePrivateKey } from "../../trust/keys.ts";
import type { CliContext } from "../context.ts";
import { addTeaching } from "../help.ts";
import { addOutputOptions } from "../options.ts";
import type { OutputOptions } from "../output.ts";
import { readNewPassphrase } from "../passphrase.ts";

interface Options extends OutputOptions {
  readonly passphrase: boolean;
  readonly passphraseFile?: string;
}

const PRIVATE_MODE = 0o600;

export function registerKeyGenerate(parent: Command, context: CliContext): void {
  const command = parent
    .command("generate")
    .summary("make a new key pair")
    .description(
      "Makes a new ed25519 key pair: NAME.key (private, PKCS#8 in PEM, encrypted by a passphrase) and NAME.pub (public). " +
        "OpenSSL reads both. Existing files are never overwritten. Keep root keys off line: they are needed only to change the root.",
    )
    .argument("<name>", "path of the files without .key and .pub")
    .addOption(
      new Option(
        "--passphrase-file <file>",
        "take the passphrase from this file, else from BOOTFERRY_PASSPHRASE, else ask",
      ),
    )
    .addOption(new Option("--no-passphrase", "write the private key unencrypted").conflicts("passphraseFile"))
    .action(async (name: string, options: Options) => {
      const output = context.openOutput(options);
      const privateFile = context.path(`${name}.key`);
      const publicFile = context.path(`${name}.pub`);
      for (const file of [privateFile, publicFile]) {
        if (existsSync(file)) throw new HostError("HOST_EXISTS", `${file} exists already`);
      }
      const passphrase = options.passphrase ? await readNewPassphrase(context, options.passphraseFile) : undefined;
      const key = generatePrivateKey();
      createDurably(privateFile, formatPrivateKeyPem(key, passphrase), PRIVATE_MODE);
      createDurably(publicFile, formatPublicKeyPem(key.publicKey));
      const { keyId } = key.publicKey;
      const encrypted = passphrase !== undefined;
      output.result({ keyId, privateKey: privateFile, publicKey: publicFile, encrypted }, () =>
        [
          `key id       ${keyId}`,
          `private key  ${privateFile}${encrypted ? "" : " (not encrypted)"}`,
          `public key   ${publicFile}`,
        ].join("\n"),
      );
    });
  addOutputOptions(command);
  addTeaching(command, {
    examples: [
      { does: "Make a key that signs releases", command: "bootferry key generate release" },
      { does: "Make one in a script", command: "bootferry key generate ci --passphrase-file ci.passphrase" },
    ],
  });
}
