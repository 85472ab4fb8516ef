/** `bootferry media write`: from images to a stick that can be pulled out. */
import { Argument, type Command, Option } from "commander";
import { EXIT } from "../../error.ts";
import type { AbsPath } from "../../path.ts";
import { createRelease } from "../../release/create-release.ts";
import { verifyMedium } from "../../release/verify-medium.ts";
import type { CliContext } from "../context.ts";
import { ejectDevice, REMOVE_TEXT, releaseDevice } from "../eject-device.ts";
import { CliError } from "../error.ts";
import { addFormatOptions, type FormatOptions } from "../format-options.ts";
import { formatBytes } from "../format-units.ts";
import { giveMediumId } from "../give-medium-id.ts";
import { addTeaching } from "../help.ts";
import { ejectPorts } from "../media-ports.ts";
import { findToWrite, formatToWrite } from "../open-medium-to-write.ts";
import { addOutputOptions } from "../options.ts";
import type { Output, OutputOptions } from "../output.ts";
import { rehearseWrite } from "../rehearse-write.ts";
import { addReleaseOptions, type ReleaseOptions, readDraft, reportCreated, SOURCES_HELP } from "../release-options.ts";
import { releasePorts } from "../release-ports.ts";
import { waitForMedium } from "../wait-for-medium.ts";

interface Options extends ReleaseOptions, FormatOptions, OutputOptions {
  readonly format?: boolean;
  readonly wait?: boolean;
  readonly eject: boolean;
  readonly dryRun?: boolean;
}

const DESCRIPTION = `Makes a release of images (as "release create" does) and puts it onto a stick: finds or makes the medium, mounts it, writes, mounts it anew to read everything back from the medium itself, and ejects it.

The file system with the label is written to, beside the releases that are on it. With --format the disk is erased first; it gets its label last, when everything was read back. With --wait, DEVICE may be left out: the first medium with the label that is plugged in from now on is taken, or, to format it, the first stick or card; disks of the running system never.

${SOURCES_HELP}`;

export function registerMediaWrite(parent: Command, context: CliContext): void {
  const command = parent
    .command("write")
    .summary("put a release onto a stick, check it and eject it")
    .description(DESCRIPTION)
    .addArgument(new Argument("<device|[compatible=]source...>", "/dev/sdb (not needed with --wait), then the images"))
    .addOption(new Option("--wait", "wait for the medium to be plugged in"))
    .addOption(new Option("--format", "erase the disk and make it a medium first"));
  addFormatOptions(command);
  command.addOption(new Option("--no-eject", "leave it plugged in and switched on, unmounted"));
  addReleaseOptions(command);
  addOutputOptions(command);
  command.addOption(
    new Option(
      "--dry-run",
      "say which disk, what would be erased and written, whether it fits and who would sign; write nothing",
    ).conflicts("wait"),
  );
  command.action((words: readonly string[], options: Options) => run(context, words, options));
  addTeaching(command, {
    examples: [
      {
        does: "Add a release to a medium",
        command:
          "bootferry media write /dev/sdb oci:./image:latest --name kiosk-os --sequence next --compatible acme-kiosk-v2 --key release.key --root root.json",
      },
      {
        does: "Look first: which disk, what would be erased, does it fit",
        command:
          "bootferry media write /dev/sdb --format oci:./image:latest --name kiosk-os --sequence 42 --compatible acme-kiosk-v2 --key release.key --dry-run",
      },
      {
        does: "Make a new medium of the next stick that is plugged in",
        command:
          "bootferry media write --wait --format oci:./image:latest --name kiosk-os --sequence 42 --compatible acme-kiosk-v2 --key release.key",
      },
    ],
    exits: [EXIT.notTrusted, EXIT.noSpace, EXIT.medium, EXIT.busy],
  });
}

async function run(context: CliContext, words: readonly string[], options: Options): Promise<void> {
  const output = context.openOutput(options);
  const { device, sources } = splitWords(context, words, options);
  if (options.format && options.sequence === "next") {
    throw new CliError("CLI_USAGE", "--sequence next counts on from what is on the medium, which --format erases");
  }
  if (options.dryRun && device !== undefined) {
    const draft = await readDraft(context, sources, options, false);
    return rehearseWrite(context, output, context.media.resolveLinks(device), draft, options);
  }
  const draft = await readDraft(context, sources, options); // what is wrong with keys shows before a stick is touched
  const target = options.wait
    ? await waitForTarget(context, output, device, options)
    : device && context.media.resolveLinks(device);
  if (target === undefined)
    throw new CliError("CLI_USAGE", "the first argument must be the device, unless --wait is given");

  const ports = releasePorts(context, output);
  await using medium = options.format
    ? await formatToWrite(context, output, target, options)
    : await findToWrite(context, target, options);
  const created = await createRelease(
    { ...draft, destination: medium.mountPoint, verifyWritten: draft.verifyWritten ? "later" : false },
    ports,
  );
  giveMediumId(context, output, medium.mountPoint);
  const { facts, lines } = reportCreated(output, draft, created);
  const isComplete = facts.missingSignatures.length === 0;
  const readBack = draft.verifyWritten
    ? await verifyMedium(
        await medium.remountReadOnly(),
        {
          manifestDigest: created.manifestDigest,
          root: isComplete ? draft.root : undefined,
          carriedRoots: draft.carriedRoots,
        },
        ports,
      )
    : null;
  await medium.finish();
  await medium[Symbol.asyncDispose]();
  const ejected = options.eject ? await ejectDevice(context, output, target) : null;
  output.result({ ...facts, device: medium.device, readBack, ejected }, () =>
    [
      ...lines,
      `medium    ${medium.device}`,
      ...(readBack === null ? [] : [`verified  ${readBack.blobs} blobs, ${formatBytes(readBack.bytes)} read back`]),
      ...(ejected === null ? [] : ["", REMOVE_TEXT]),
    ].join("\n"),
  );
}

/** Sources have a scheme; a device is a path. */
function splitWords(context: CliContext, words: readonly string[], { wait }: Options) {
  const [first, ...rest] = words;
  const isDevice = first !== undefined && /^(?:\/|\.)/.test(first);
  if (!isDevice && !wait) {
    throw new CliError(
      "CLI_USAGE",
      `the first argument must be the device (or use --wait), got ${JSON.stringify(first)}`,
    );
  }
  const sources = isDevice ? rest : words;
  if (sources.length === 0) throw new CliError("CLI_USAGE", "no image is named after the device");
  return { device: isDevice ? context.path(first) : undefined, sources };
}

async function waitForTarget(
  context: CliContext,
  output: Output,
  path: AbsPath | undefined,
  { label, format }: Options,
): Promise<AbsPath> {
  const disk = await waitForMedium(context, output, { label, isFormatted: format ?? false, path });
  // A desktop may have mounted it by now; the person has said, by --wait --format, that it is to be erased.
  if (format) await releaseDevice(context, disk.path, ejectPorts(context, output));
  return disk.path;
}
