/** `bootferry release attach`: signatures that were made elsewhere, back to the medium. */
import { type Command, Option } from "commander";
import { EXIT } from "../../error.ts";
import { attachRelease } from "../../release/attach-release.ts";
import type { ReleaseFile } from "../../release/release-file.ts";
import type { CliContext } from "../context.ts";
import { addTeaching } from "../help.ts";
import { addOutputOptions } from "../options.ts";
import type { OutputOptions } from "../output.ts";
import { readReleaseFile } from "../read-release-file.ts";
import { readRootFile } from "../read-root.ts";
import { releaseTitle } from "../release-facts.ts";
import { warnOfMissing } from "../release-options.ts";
import { releasePorts } from "../release-ports.ts";

interface Options extends OutputOptions {
  readonly to: string;
  readonly root?: string;
}

export function registerReleaseAttach(parent: Command, context: CliContext): void {
  const command = parent
    .command("attach")
    .summary("publish a release with signatures that were made elsewhere")
    .description(
      "Brings signed copies of a file by `bootferry release create --unsigned` together and publishes the release on the medium that the images are on, " +
        "after every byte of them was checked. A release that is published already gets the signatures that it lacks. Doing it again changes nothing.",
    )
    .argument("<file...>", "copies of one file, each signed by others or passed from one to the next")
    .addOption(new Option("--to <directory>", "mount point of the medium, or any directory").makeOptionMandatory())
    .addOption(new Option("--root <file>", "check the signatures against this trust root, and that its keys made them"))
    .action(async (names: readonly string[], options: Options) => {
      const output = context.openOutput(options);
      const root = options.root === undefined ? undefined : readRootFile(context, options.root);
      const [first, ...others] = names.map((name) => readReleaseFile(context, name));
      const files: readonly [ReleaseFile, ...ReleaseFile[]] = [first as ReleaseFile, ...others]; // commander wants one
      const medium = context.path(options.to);
      const attached = await attachRelease({ files, medium, root }, releasePorts(context, output));
      const { statement, payloadDigest, manifestDigest, signedBy } = attached;
      const missing = warnOfMissing(output, signedBy, root);
      if (root === undefined) output.warn("the signatures were not checked: --root ROOT does");
      output.result({ payloadDigest, manifestDigest, signatures: signedBy, missingSignatures: missing }, () =>
        [
          `release   ${releaseTitle(statement)}`,
          `payload   ${payloadDigest}`,
          ...signedBy.map((keyId) => `signed    ${keyId}`),
          `medium    ${medium}`,
        ].join("\n"),
      );
    });
  addOutputOptions(command);
  addTeaching(command, {
    examples: [
      {
        does: "Publish a release that one holder has signed",
        command: "bootferry release attach kiosk-os-42.json --to /media/usb --root root.json",
      },
      {
        does: "Bring the copies of two holders together",
        command: "bootferry release attach ann/kiosk-os-42.json ben/kiosk-os-42.json --to /media/usb --root root.json",
      },
    ],
    exits: [EXIT.notTrusted, EXIT.noSpace, EXIT.medium, EXIT.busy],
  });
}
