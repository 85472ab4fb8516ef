/** `bootferry release copy`: a signed release from one medium or directory to another, in full or as a delta. */
import { type Command, Option } from "commander";
import { openMedium } from "../../bundle/medium.ts";
import { EXIT } from "../../error.ts";
import { copyRelease } from "../../release/copy-release.ts";
import { readForms } from "../../release/delta/read-forms.ts";
import type { CliContext } from "../context.ts";
import { describeForm, formFacts } from "../delta-facts.ts";
import { addDeltaOptions, type DeltaOptions, readDelta } from "../delta-options.ts";
import { giveMediumId } from "../give-medium-id.ts";
import { addTeaching } from "../help.ts";
import { addMediumArgument, addOutputOptions, releaseOption } from "../options.ts";
import type { OutputOptions } from "../output.ts";
import { releaseTitle } from "../release-facts.ts";
import { releasePorts } from "../release-ports.ts";

interface Options extends OutputOptions, DeltaOptions {
  readonly to: string;
  readonly release?: string;
  readonly verifyWritten: boolean;
}

export function registerReleaseCopy(parent: Command, context: CliContext): void {
  const command = parent
    .command("copy")
    .summary("copy a signed release, in full or as a delta")
    .description(
      "Copies a release with its signatures, and the trust roots beside it, to another medium or directory. Every byte is checked on the way; no key is needed, since nothing that is signed changes.\n\n" +
        "With --base it becomes a delta: instead of the layers of its system images it carries the files that are new since the base, which the devices must hold. The container images that a system binds go along whole.",
    );
  addMediumArgument(command);
  command
    .addOption(
      new Option("--to <directory>", "mount point of the other medium, or any directory").makeOptionMandatory(),
    )
    .addOption(releaseOption());
  addDeltaOptions(command)
    .addOption(new Option("--no-verify-written", "do not read back what was written"))
    .action((directory: string, options: Options) => run(context, directory, options));
  addOutputOptions(command);
  addTeaching(command, {
    examples: [
      {
        does: "Copy the only release of a directory to a stick",
        command: "bootferry release copy ./out --to /media/usb",
      },
      {
        does: "Put only what is new since 42.3.0 onto the stick",
        command:
          "bootferry release copy ./out --release kiosk-os@42.3.1 --to /media/usb --base kiosk-os@42.3.0 --base-from ./out",
      },
      {
        does: "The same for what a device says that it runs",
        command:
          "bootferry release copy ./out --release kiosk-os@42.3.1 --to /media/usb --base receipts.jsonl --base-from ./out",
      },
    ],
    exits: [EXIT.noSpace, EXIT.medium, EXIT.busy],
  });
}

async function run(context: CliContext, directory: string, options: Options): Promise<void> {
  const output = context.openOutput(options);
  const [source, destination] = [context.path(directory), context.path(options.to)];
  const delta = await readDelta(context, options, [source, destination]);
  const { release: selector, verifyWritten } = options;
  const request = { source, selector, destination, delta, verifyWritten };
  const copied = await copyRelease(request, releasePorts(context, output));
  giveMediumId(context, output, destination);
  const { statement, payloadDigest, manifestDigest } = copied;
  const forms = await readForms(await openMedium(destination, context.signal), statement, context.signal);
  output.result({ statement, payloadDigest, manifestDigest, carried: forms.map(formFacts) }, () =>
    [
      `copied    ${releaseTitle(statement)}`,
      `payload   ${payloadDigest}`,
      ...forms.flatMap(describeForm),
      `medium    ${destination}`,
    ].join("\n"),
  );
}
