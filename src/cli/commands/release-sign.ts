/** `bootferry release sign`: the second and further signatures of a release. */
import { type Command, Option } from "commander";
import { EXIT } from "../../error.ts";
import { signRelease } from "../../release/sign-release.ts";
import { missingSignatures } from "../../release/signer-roles.ts";
import type { CliContext } from "../context.ts";
import { addTeaching } from "../help.ts";
import {
  addMediumArgument,
  addOutputOptions,
  addSigningOptions,
  releaseOption,
  type SigningOptions,
} from "../options.ts";
import type { OutputOptions } from "../output.ts";
import { readRootFile } from "../read-root.ts";
import { releaseTitle } from "../release-facts.ts";
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
      "Adds a signature to a release on a medium, for example the second of a threshold. What is signed stays byte for byte the same: look at it first with `bootferry release inspect`.",
    );
  addMediumArgument(command);
  command
    .addOption(releaseOption())
    .addOption(new Option("--root <file>", "check that the key may sign releases under this trust root"))
    .action(async (directory: string, options: Options) => {
      const output = context.openOutput(options);
      const root = options.root === undefined ? undefined : readRootFile(context, options.root);
      const signers = await openSigners(context, options);
      const request = { medium: context.path(directory), selector: options.release, signers, root };
      const { found, manifestDigest, signedBy } = await signRelease(request, context);
      const missing = root === undefined ? [] : missingSignatures(signedBy, root);
      for (const { role, count } of missing) output.warn(`devices want ${count} more signature(s) of role ${role}`);
      const { payloadDigest, statement } = found;
      output.result({ payloadDigest, manifestDigest, signatures: signedBy, missingSignatures: missing }, () =>
        [`release   ${releaseTitle(statement)}`, ...signedBy.map((keyId) => `signed    ${keyId}`)].join("\n"),
      );
    });
  addSigningOptions(command, "release or countersign");
  addOutputOptions(command);
  addTeaching(command, {
    examples: [
      { does: "Add the second signature", command: "bootferry release sign /media/usb --key ben.key --root root.json" },
    ],
    exits: [EXIT.notTrusted, EXIT.noSpace, EXIT.medium, EXIT.busy],
  });
}
