/** `bootferry release sign`: a signature for a release, on a medium or in a file that was carried to the key. */
import { type Command, Option } from "commander";
import { EXIT } from "../../error.ts";
import { writeDurably } from "../../host/durable-write.ts";
import type { Digest } from "../../oci/digest.ts";
import { signReleaseFile } from "../../release/release-file.ts";
import { signRelease } from "../../release/sign-release.ts";
import { formatEnvelope } from "../../trust/dsse.ts";
import type { KeyId } from "../../trust/keys.ts";
import type { TrustedRoot } from "../../trust/root.ts";
import type { Signer } from "../../trust/signer.ts";
import type { CliContext } from "../context.ts";
import { CliError } from "../error.ts";
import { addTeaching } from "../help.ts";
import {
  addMediumOrFileArgument,
  addOutputOptions,
  addSigningOptions,
  releaseOption,
  type SigningOptions,
} from "../options.ts";
import type { Output, OutputOptions } from "../output.ts";
import { isFile } from "../read-input.ts";
import { readReleaseFile } from "../read-release-file.ts";
import { readRootFile } from "../read-root.ts";
import { describeStatement, releaseTitle } from "../release-facts.ts";
import { warnOfMissing } from "../release-options.ts";
import { openSigners } from "../signers.ts";

interface Options extends SigningOptions, OutputOptions {
  readonly release?: string;
  readonly root?: string;
}

export function registerReleaseSign(parent: Command, context: CliContext): void {
  const command = parent
    .command("sign")
    .summary("add a signature to a release")
    .description(
      "Adds a signature to a release on a medium, for example the second of a threshold, or to a file that `bootferry release create --unsigned` has written and that somebody has carried to the key. " +
        "What is signed stays byte for byte the same: look at it first with `bootferry release inspect`. A file says before it is signed what it holds.",
    );
  addMediumOrFileArgument(command);
  command
    .addOption(releaseOption())
    .addOption(new Option("--root <file>", "check that the key may sign releases under this trust root"))
    .action((where: string, options: Options) => run(context, where, options));
  addSigningOptions(command, "release or countersign");
  addOutputOptions(command);
  addTeaching(command, {
    examples: [
      { does: "Add the second signature", command: "bootferry release sign /media/usb --key ben.key --root root.json" },
      {
        does: "Sign a file that was carried to the machine with the key",
        command: "bootferry release sign kiosk-os-42.json --key release.key",
      },
    ],
    exits: [EXIT.notTrusted, EXIT.noSpace, EXIT.medium, EXIT.busy],
  });
}

async function run(context: CliContext, where: string, options: Options): Promise<void> {
  const output = context.openOutput(options);
  const root = options.root === undefined ? undefined : readRootFile(context, options.root);
  const sign = isFile(context.path(where)) ? signFile : signOnMedium;
  const { title, facts, signedBy } = await sign(context, output, where, options, root);
  const missing = warnOfMissing(output, signedBy, root);
  output.result({ ...facts, signatures: signedBy, missingSignatures: missing }, () =>
    [`release   ${title}`, `payload   ${facts.payloadDigest}`, ...signedBy.map((keyId) => `signed    ${keyId}`)].join(
      "\n",
    ),
  );
}

interface Signed {
  readonly title: string;
  readonly facts: Readonly<Record<string, unknown>> & { readonly payloadDigest: Digest };
  readonly signedBy: readonly KeyId[];
}

async function signOnMedium(
  context: CliContext,
  _output: Output,
  directory: string,
  options: Options,
  root: TrustedRoot | undefined,
): Promise<Signed> {
  const signers = await openSigners(context, options);
  const request = { medium: context.path(directory), selector: options.release, signers, root };
  const { found, manifestDigest, signedBy } = await signRelease(request, context);
  const { payloadDigest, statement } = found;
  return { title: releaseTitle(statement), facts: { payloadDigest, manifestDigest }, signedBy };
}

async function signFile(
  context: CliContext,
  output: Output,
  name: string,
  options: Options,
  root: TrustedRoot | undefined,
): Promise<Signed> {
  if (options.release !== undefined)
    throw new CliError("CLI_USAGE", `--release is for media: ${name} holds one release`);
  const file = readReleaseFile(context, name);
  const { statement, payloadDigest } = file;
  output.note(["to be signed:", ...describeStatement(statement), `payload   ${payloadDigest}`, ""].join("\n"));
  const signers: readonly Signer[] = await openSigners(context, options); // asks for passphrases: after it was shown
  const envelope = await signReleaseFile(file, signers, root);
  const path = context.path(name);
  writeDurably(path, formatEnvelope(envelope));
  const signedBy = envelope.signatures.map(({ keyId }) => keyId);
  return { title: releaseTitle(statement), facts: { statement, payloadDigest, file: path }, signedBy };
}
