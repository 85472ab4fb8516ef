/** `bootferry release create`: images become a signed release on a medium or in a directory. */

import { existsSync } from "node:fs";
import { Argument, type Command, Option } from "commander";
import { openMedium } from "../../bundle/medium.ts";
import { EXIT } from "../../error.ts";
import { createDurably } from "../../host/durable-write.ts";
import { HostError } from "../../host/error.ts";
import { createRelease, createUnsigned } from "../../release/create-release.ts";
import { readForms } from "../../release/delta/read-forms.ts";
import { lookAtDirectory } from "../../release/rehearsal-place.ts";
import type { ReleaseDraft } from "../../release/release-draft.ts";
import { formatEnvelope } from "../../trust/dsse.ts";
import type { CliContext } from "../context.ts";
import { describeForm, formFacts } from "../delta-facts.ts";
import { giveMediumId } from "../give-medium-id.ts";
import { addTeaching } from "../help.ts";
import { addOutputOptions } from "../options.ts";
import type { Output, OutputOptions } from "../output.ts";
import { requireDirectory } from "../read-input.ts";
import { rehearse } from "../rehearsal.ts";
import { describeStatement } from "../release-facts.ts";
import {
  addReleaseOptions,
  type ReleaseOptions,
  readDraft,
  reportCreated,
  SOURCES_HELP,
  warnOfMissing,
} from "../release-options.ts";
import { releasePorts } from "../release-ports.ts";

interface Options extends ReleaseOptions, OutputOptions {
  readonly to: string;
  readonly dryRun?: boolean;
  readonly unsigned?: string;
}

const DESCRIPTION = `Makes a signed release of one or more OCI images and puts it onto a medium (or into a directory), beside the releases that are there already. Each layer is read once; nothing is unpacked.

${SOURCES_HELP}

Container images that a system binds (links in its /usr/lib/bootc/bound-images.d) come along: from where --app says, else by skopeo from the registry in their name.

Devices install a release only when its sequence is higher than that of the last one they confirmed: count up with every release of a name, whatever medium it goes to.

With --unsigned nobody signs here: the images go onto the medium, and what is to be signed into a file that is carried to the keys ("release sign FILE") and back ("release attach FILE --to MEDIUM", which publishes the release).

With --base it is a delta: what is signed is the same, but the medium carries only the files that are new since a release that the devices hold. "release copy --base" makes one of a release that is signed already.

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
  command.addOption(
    new Option(
      "--dry-run",
      "read and merge everything, say what would be made, whether it fits and who would sign; write and sign nothing",
    ),
  );
  command.addOption(
    new Option(
      "--unsigned <file>",
      "sign nothing: write what is to be signed into this file, which is never overwritten",
    ).conflicts(["key", "signer", "dryRun"]),
  );
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
        does: "Look first: what would be made, does it fit, who would sign",
        command:
          "bootferry release create oci:./image:latest --to /media/usb --name kiosk-os --sequence next --compatible acme-kiosk-v2 --key release.key --root root.json --dry-run",
      },
      {
        does: "Two kinds of device, two architectures each, checked against the root",
        command:
          "bootferry release create v2=docker://reg.example/os:9 v3=docker://reg.example/os3:9 --arch amd64 --arch arm64 --to /media/usb --name kiosk-os --sequence next --root root.json --key release.key",
      },
      {
        does: "Carry only what is new since a release that the devices run",
        command:
          "bootferry release create oci:./image:latest --to /media/usb --name kiosk-os --sequence 43 --compatible acme-kiosk-v2 --key release.key --base kiosk-os@42.3.0 --base-from ./out",
      },
      {
        does: "Leave the signing to those who hold the keys, on other machines",
        command:
          "bootferry release create oci:./image:latest --to /media/usb --name kiosk-os --sequence 42 --compatible acme-kiosk-v2 --unsigned kiosk-os-42.json",
      },
    ],
    exits: [EXIT.notTrusted, EXIT.noSpace, EXIT.medium, EXIT.busy],
  });
}

async function run(context: CliContext, sources: readonly string[], options: Options): Promise<void> {
  const output = context.openOutput(options);
  const destination = requireDirectory(context.path(options.to)); // before an image is fetched for hours
  const withSigners = !options.dryRun && options.unsigned === undefined;
  const draft = { ...(await readDraft(context, sources, options, withSigners, [destination])), destination };
  if (options.dryRun) {
    const place = await lookAtDirectory(draft.destination, context.signal);
    const { facts, lines, problems } = await rehearse(context, output, place, draft, options);
    output.result(facts, () => [...lines, "dry run: nothing was written, nothing was signed"].join("\n"));
    const [problem] = problems;
    if (problem !== undefined) throw problem; // prints it with its remedy, and sets the exit status
    return;
  }
  if (options.unsigned !== undefined) return createToSign(context, output, draft, options.unsigned);
  const created = await createRelease(draft, releasePorts(context, output));
  giveMediumId(context, output, destination);
  const { facts, lines } = reportCreated(output, draft, created);
  const forms = draft.delta && (await readForms(await openMedium(destination), created.statement, context.signal));
  output.result({ ...facts, ...(forms && { carried: forms.map(formFacts) }) }, () =>
    [...lines, ...(forms ?? []).flatMap(describeForm), `medium    ${destination}`].join("\n"),
  );
}

async function createToSign(context: CliContext, output: Output, draft: ReleaseDraft, name: string): Promise<void> {
  const file = context.path(name);
  if (existsSync(file)) throw new HostError("HOST_EXISTS", `${file} exists already`); // before gigabytes are written
  const created = await createUnsigned(draft, releasePorts(context, output));
  giveMediumId(context, output, draft.destination);
  const { statement, payloadDigest, envelope, warnings } = created;
  createDurably(file, formatEnvelope(envelope));
  for (const warning of warnings) output.warn(warning);
  const missing = warnOfMissing(output, [], draft.root);
  output.result({ statement, payloadDigest, file, missingSignatures: missing, warnings }, () =>
    [
      ...describeStatement(statement),
      `payload   ${payloadDigest}`,
      `to sign   ${file}`,
      `medium    ${draft.destination} (the release is not published yet: \`bootferry release attach\` does that)`,
    ].join("\n"),
  );
}
