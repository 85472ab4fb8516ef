/** `bootferry release create`: images become a signed release on a medium or in a directory. */
import { Argument, type Command, Option } from "commander";
import { EXIT } from "../../error.ts";
import type { ArchitectureChoice } from "../../release/architecture.ts";
import { createRelease } from "../../release/create-release.ts";
import { rehearseRelease } from "../../release/rehearse-release.ts";
import type { ReleaseDraft } from "../../release/release-draft.ts";
import { missingSignatures } from "../../release/signer-roles.ts";
import { formatUtcTime } from "../../trust/utc-time.ts";
import { buildClock } from "../build-clock.ts";
import type { CliContext } from "../context.ts";
import { CliError } from "../error.ts";
import { addTeaching } from "../help.ts";
import { addOutputOptions, addSigningOptions, collect, type SigningOptions, utcTime, wholeNumber } from "../options.ts";
import type { OutputOptions } from "../output.ts";
import { readInputFile } from "../read-input.ts";
import { readRootFile } from "../read-root.ts";
import { describeStatement } from "../release-facts.ts";
import { releasePorts } from "../release-ports.ts";
import { openSigners } from "../signers.ts";
import { parseTargetArguments } from "../target-argument.ts";

interface Options extends SigningOptions, OutputOptions {
  readonly to: string;
  readonly name: string;
  readonly compatible?: readonly string[];
  readonly releaseVersion?: string;
  readonly sequence: number | "next";
  readonly arch?: readonly string[];
  readonly allArchitectures?: boolean;
  readonly deviceId?: readonly string[];
  readonly app?: readonly string[];
  readonly notes?: string;
  readonly notesFile?: string;
  readonly expires?: Date;
  readonly minSequence?: number;
  readonly minAgent?: string;
  readonly root?: string;
  readonly tree: boolean;
  readonly verifyWritten: boolean;
  readonly dryRun?: boolean;
}

const DESCRIPTION = `Makes a signed release of one or more OCI images and puts it onto a medium (or into a directory), beside the releases that are there already. Each layer is read once; nothing is unpacked.

SOURCE is oci:DIR[:TAG], oci-archive:FILE[:TAG], or, through skopeo, docker://NAME, containers-storage:NAME, docker-daemon:NAME:TAG or docker-archive:FILE. Fetched images stay in $TMPDIR for the time of the command.

Devices install a release only when its sequence is higher than that of the last one they confirmed: count up with every release of a name, whatever medium it goes to.

With SOURCE_DATE_EPOCH set, the same images, options and keys give the same bytes.`;

export function registerReleaseCreate(parent: Command, context: CliContext): void {
  const command = parent
    .command("create")
    .summary("make a signed release of images")
    .description(DESCRIPTION)
    .addArgument(new Argument("<[compatible=]source...>", "images, each for a kind of device (see --compatible)"));
  addWhatOptions(command);
  addHowOptions(command);
  addSigningOptions(command, "release");
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

/** What the release says. */
function addWhatOptions(command: Command): void {
  command
    .addOption(new Option("--name <name>", "what devices follow").makeOptionMandatory())
    .addOption(
      new Option(
        "--sequence <n|next>",
        "rises with each release of the name; next: one above the highest on the medium",
      )
        .argParser((text) => (text === "next" ? text : wholeNumber(1)(text)))
        .makeOptionMandatory(),
    )
    .addOption(
      new Option("--release-version <version>", "for people; else the image's label org.opencontainers.image.version"),
    )
    .addOption(
      new Option("--compatible <kind>", "kind of device that sources without a prefix are for; repeatable").argParser(
        collect,
      ),
    )
    .addOption(
      new Option("--arch <architecture>", "carry this architecture of each source; repeatable").argParser(collect),
    )
    .addOption(new Option("--all-architectures", "carry all architectures of each source").conflicts("arch"))
    .addOption(new Option("--device-id <id>", "only for this device; repeatable").argParser(collect))
    .addOption(
      new Option("--app <name=source>", "container image that belongs to the system; repeatable").argParser(collect),
    )
    .addOption(new Option("--notes <text>", "shown to the operator").conflicts("notesFile"))
    .addOption(new Option("--notes-file <file>", "file with the notes, plain text in UTF-8"))
    .addOption(new Option("--expires <time>", "devices do not install it after this time").argParser(utcTime))
    .addOption(
      new Option("--min-sequence <n>", "only for devices that have confirmed this sequence").argParser(wholeNumber(1)),
    )
    .addOption(new Option("--min-agent <version>", "only for devices with this bootferry or a newer one"));
}

/** How it is made. */
function addHowOptions(command: Command): void {
  command
    .addOption(new Option("--to <directory>", "mount point of the medium, or any directory").makeOptionMandatory())
    .addOption(new Option("--root <file>", "check that the keys may sign releases under this trust root"))
    .addOption(new Option("--no-tree", "leave out what the native engine needs: only bootc hosts can install it"))
    .addOption(
      new Option("--no-verify-written", "do not read back what was written; take blobs that are there as they are"),
    )
    .addOption(new Option("--dry-run", "read and merge everything, print the statement, write and sign nothing"));
}

async function run(context: CliContext, sources: readonly string[], options: Options): Promise<void> {
  const output = context.openOutput(options);
  const ports = releasePorts(context, output);
  const draft = await draftOf(context, sources, options);
  if (options.dryRun) {
    const { statement, payloadDigest, warnings } = await rehearseRelease(draft, ports);
    for (const warning of warnings) output.warn(warning);
    output.result({ statement, payloadDigest, warnings }, () =>
      [...describeStatement(statement), `payload   ${payloadDigest}`, "dry run: nothing was written"].join("\n"),
    );
    return;
  }
  const { statement, payloadDigest, manifestDigest, signedBy, warnings } = await createRelease(draft, ports);
  for (const warning of warnings) output.warn(warning);
  const missing = draft.root === undefined ? [] : missingSignatures(signedBy, draft.root);
  for (const { role, count } of missing) {
    output.warn(`devices want ${count} more signature(s) of role ${role}: add them with \`bootferry release sign\``);
  }
  output.result(
    { statement, payloadDigest, manifestDigest, signatures: signedBy, missingSignatures: missing, warnings },
    () =>
      [
        ...describeStatement(statement),
        `payload   ${payloadDigest}`,
        ...signedBy.map((keyId) => `signed    ${keyId}`),
        `medium    ${draft.destination}`,
      ].join("\n"),
  );
}

async function draftOf(context: CliContext, sources: readonly string[], options: Options): Promise<ReleaseDraft> {
  const { minSequence, minAgent } = options;
  return {
    destination: context.path(options.to),
    name: options.name,
    version: options.releaseVersion,
    sequence: options.sequence,
    createdAt: formatUtcTime(buildClock(context).nowUtc()),
    expiresAt: options.expires === undefined ? null : formatUtcTime(options.expires),
    notes: notesOf(context, options),
    devices: options.deviceId ?? null,
    requires: {
      ...(minSequence === undefined ? {} : { minSequence }),
      ...(minAgent === undefined ? {} : { minAgent }),
    },
    targets: parseTargetArguments(sources, options.compatible ?? []),
    apps: (options.app ?? []).map(parseApp),
    architectures: architecturesOf(options),
    withTree: options.tree,
    signers: options.dryRun ? [] : await openSigners(context, options),
    root: options.root === undefined ? undefined : readRootFile(context, options.root),
    verifyWritten: options.verifyWritten,
  };
}

function notesOf(context: CliContext, { notes, notesFile }: Options): string {
  if (notesFile === undefined) return notes ?? "";
  return readInputFile(context.path(notesFile)).toString("utf8").trimEnd();
}

function architecturesOf({ arch, allArchitectures }: Options): ArchitectureChoice {
  if (allArchitectures) return { kind: "all" };
  return arch === undefined ? { kind: "only" } : { kind: "named", architectures: arch };
}

function parseApp(text: string): ReleaseDraft["apps"][number] {
  const [, name, source] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  if (name !== undefined && source !== undefined) return { name, source };
  throw new CliError("CLI_USAGE", `--app wants NAME=SOURCE, got ${JSON.stringify(text)}`);
}
