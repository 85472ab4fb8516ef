/** `bootferry key generate`: a new key pair as NAME.key and NAME.pub, to sign with or to open support archives with. */
import { existsSync } from "node:fs";
import { type Command, Option } from "commander";
import { createDurably } from "../../host/durable-write.ts";
import { HostError } from "../../host/error.ts";
import type { AbsPath } from "../../path.ts";
import { formatSupportKey, generateSupportKey } from "../../support/age.ts";
import { formatPrivateKeyPem, formatPublicKeyPem, generatePrivateKey } from "../../trust/keys.ts";
import type { CliContext } from "../context.ts";
import { addTeaching } from "../help.ts";
import { addOutputOptions } from "../options.ts";
import type { OutputOptions } from "../output.ts";
import { readNewPassphrase } from "../passphrase.ts";

interface Options extends OutputOptions {
  readonly passphrase: boolean;
  readonly passphraseFile?: string;
  readonly for: "signing" | "support";
}

const PRIVATE_MODE = 0o600;

export function registerKeyGenerate(parent: Command, context: CliContext): void {
  const command = parent
    .command("generate")
    .summary("make a new key pair")
    .description(
      "Makes a new ed25519 key pair: NAME.key (private, PKCS#8 in PEM, encrypted by a passphrase) and NAME.pub (public). " +
        "OpenSSL reads both. Existing files are never overwritten. Keep root keys off line: they are needed only to change the root.\n\n" +
        "With --for support it is a key that opens the archives of `bootferry agent export-logs`: NAME.key (an age identity, which `age` reads as well, encrypted by a passphrase) " +
        "and NAME.pub (the line for `[support] recipients` in the devices' agent.toml). It signs nothing.",
    )
    .argument("<name>", "path of the files without .key and .pub")
    .addOption(
      new Option(
        "--passphrase-file <file>",
        "take the passphrase from this file, else from BOOTFERRY_PASSPHRASE, else ask",
      ),
    )
    .addOption(new Option("--no-passphrase", "write the private key unencrypted").conflicts("passphraseFile"))
    .addOption(new Option("--for <purpose>", "what the key is for").choices(["signing", "support"]).default("signing"))
    .action(async (name: string, options: Options) => {
      const output = context.openOutput(options);
      const privateFile = context.path(`${name}.key`);
      const publicFile = context.path(`${name}.pub`);
      for (const file of [privateFile, publicFile]) {
        if (existsSync(file)) throw new HostError("HOST_EXISTS", `${file} exists already`);
      }
      const passphrase = options.passphrase ? await readNewPassphrase(context, options.passphraseFile) : undefined;
      const encrypted = passphrase !== undefined;
      const write = { signing: writeSigningKey, support: writeSupportKey }[options.for];
      const { name: what, value } = await write(context, { privateFile, publicFile }, passphrase);
      const facts = { [what]: value, privateKey: privateFile, publicKey: publicFile, encrypted };
      output.result(facts, () =>
        [
          `${LABELS[what]}  ${value}`,
          `private key  ${privateFile}${encrypted ? "" : " (not encrypted)"}`,
          `public key   ${publicFile}`,
        ].join("\n"),
      );
    });
  addOutputOptions(command);
  addTeaching(command, {
    examples: [
      { does: "Make a key that signs releases", command: "bootferry key generate release" },
      { does: "Make a key for support archives", command: "bootferry key generate support --for support" },
      { does: "Make one in a script", command: "bootferry key generate ci --passphrase-file ci.passphrase" },
    ],
  });
}

interface KeyFiles {
  readonly privateFile: AbsPath;
  readonly publicFile: AbsPath;
}

const LABELS = { keyId: "key id     ", recipient: "recipient  " } as const;

/** What the key is called by those who do not have it. */
interface WrittenKey {
  readonly name: keyof typeof LABELS;
  readonly value: string;
}

async function writeSigningKey(_: CliContext, files: KeyFiles, passphrase: string | undefined): Promise<WrittenKey> {
  const key = generatePrivateKey();
  createDurably(files.privateFile, formatPrivateKeyPem(key, passphrase), PRIVATE_MODE);
  createDurably(files.publicFile, formatPublicKeyPem(key.publicKey));
  return { name: "keyId", value: key.publicKey.keyId };
}

async function writeSupportKey(
  { clock }: CliContext,
  files: KeyFiles,
  passphrase: string | undefined,
): Promise<WrittenKey> {
  const key = await generateSupportKey();
  createDurably(files.privateFile, await formatSupportKey(key, clock.nowUtc(), passphrase), PRIVATE_MODE);
  createDurably(files.publicFile, `${key.recipient}\n`);
  return { name: "recipient", value: key.recipient };
}
