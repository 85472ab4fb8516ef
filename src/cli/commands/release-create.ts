/** `bootferry release create`: images become a signed release on a medium or in a directory. */
import { Argument, type Command, Option } from "commander";
import { EXIT } from "../../error.ts";
import { createRelease } from "../../release/create-release.ts";
import { rehearseRelease } from "../../release/rehearse-release.ts";
import type { CliContext } from "../context.ts";
import { addTeaching } from "../help.ts";
import { addOutputOptions } from "../options.ts";
import type { OutputOptions } from "../output.ts";
import { describeStatement } from "../release-facts.ts";
import { addReleaseOptions, type ReleaseOptions, readDraft, reportCreated, SOURCES_HELP } from "../release-options.ts";
import { releasePorts } from "../release-ports.ts";

interface Options extends ReleaseOptions, OutputOptions {
  readonly to: string;
  readonly dryRun?: boolean;
}

const DESCRIPTION = `Makes a signed release of one or more OCI images and puts it onto a medium (or into a directory), beside the releases that are there already. Each layer is read once; nothing is unpacked.

${SOURCES_HELP}

Devices install a release only when its sequence is higher than that of the last one they confirmed: count up with every release of a name, whatever medium it goes to.

With SOURCE_DATE_EPOCH set, the same images, options and keys give the same bytes.`;

export function registerReleaseCreate(parent: Command, context: CliContext): void {
  const command = parent
    .command("create")
    .summary("make a signed release of images")
    .description(DESCRIPTION)
    .addArgument(new Argument("<[compatible=]source...>", "images, each for a kind of device (see --compatible)"));
  command.addOption(
    new Option("--to <directory>", "mount point of the medium, or any directory").makeOptionMandatory(),
  );
  addReleaseOptions(command);
  command.addOption(new Option("--dry-run", "read and merge everything, print the statement, write and sign nothing"));
  addOutputOptions(command);
  command.action((sources: readonly string[], options: Options) => run(context, sources, options));
  addTeaching(command, {
    examples: [
      {
        does: "One image for one kind of device",
        command:
          "bootferry release create oci:./image:latest --to /media/usb --name kiosk-os --sequence 42 --compatible acme-kiosk-v2 --key release.key",
      },
      {
        does: "Two kinds of device, two architectures each, checked against the root",
        command:
          "bootferry release create v2=docker://reg.example/os:9 v3=docker://reg.example/os3:9 --arch amd64 --arch arm64 --to /media/usb --name kiosk-os --sequence next --root root.json --key release.key",
      },
    ],
    exits: [EXIT.notTrusted, EXIT.noSpace, EXIT.medium, EXIT.busy],
  });
}

async function run(context: CliContext, sources: readonly string[], options: Options): Promise<void> {
  const output = context.openOutput(options);
  const ports = releasePorts(context, output);
  const draft = {
    ...(await readDraft(context, sources, options, !options.dryRun)),
    destination: context.path(options.to),
  };
  if (options.dryRun) {
    const { statement, payloadDigest, warnings } = await rehearseRelease(draft, ports);
    for (const warning of warnings) output.warn(warning);
    output.result({ statement, payloadDigest, warnings }, () =>
      [...describeStatement(statement), `payload   ${payloadDigest}`, "dry run: nothing was written"].join("\n"),
    );
    return;
  }
  const { facts, lines } = reportCreated(output, draft, await createRelease(draft, ports));
  output.result(facts, () => [...lines, `medium    ${draft.destination}`].join("\n"));
}
