/** `bootferry release pull`: a release from a registry onto a medium. */
import { type Command, Option } from "commander";
import { EXIT } from "../../error.ts";
import { pullRelease } from "../../release/registry/pull-release.ts";
import type { CliContext } from "../context.ts";
import { formatBytes } from "../format-units.ts";
import { giveMediumId } from "../give-medium-id.ts";
import { addTeaching } from "../help.ts";
import { addOutputOptions } from "../options.ts";
import type { OutputOptions } from "../output.ts";
import { requireDirectory } from "../read-input.ts";
import { readRootChain } from "../read-root.ts";
import { addRegistryOptions, namedRegistry, REGISTRY_ARGUMENT, type RegistryOptions } from "../registry-options.ts";
import { releaseTitle } from "../release-facts.ts";
import { releasePorts } from "../release-ports.ts";

interface Options extends RegistryOptions, OutputOptions {
  readonly to: string;
  readonly root?: string;
}

const DESCRIPTION = `Gets a release that "release push" has put into a registry, through skopeo, and puts it onto a medium (or into a directory), beside the releases that are there already: the same bytes as on the medium that it came from, signatures and roots included.

The registry is not trusted: every byte is compared with the digest that the signed statement names before the medium names the release. With --root the signatures are checked as well, before images are fetched. Devices check all of it again.

A pull that was interrupted goes on where it stopped, to the last whole layer. TAG is the one that hosts follow; that of an older release is NAME-VERSION.`;

export function registerReleasePull(parent: Command, context: CliContext): void {
  const command = parent
    .command("pull")
    .summary("get a release from a registry onto a medium")
    .description(DESCRIPTION)
    .argument("<registry>", REGISTRY_ARGUMENT)
    .addOption(new Option("--to <directory>", "mount point of the medium, or any directory").makeOptionMandatory())
    .addOption(new Option("--root <file>", "check the signatures against this trust root of the devices"));
  addRegistryOptions(command);
  addOutputOptions(command);
  command.action((place: string, options: Options) => run(context, place, options));
  addTeaching(command, {
    examples: [
      {
        does: "Make a stick of what a site follows",
        command:
          "bootferry release pull docker://registry.site:5000/acme/kiosk-os:stable --to /media/usb --root root.json",
      },
      {
        does: "An older release",
        command: "bootferry release pull docker://registry.site:5000/acme/kiosk-os:kiosk-os-42.3.0 --to /media/usb",
      },
    ],
    exits: [EXIT.notTrusted, EXIT.noSpace, EXIT.medium, EXIT.busy],
  });
}

async function run(context: CliContext, place: string, options: Options): Promise<void> {
  const output = context.openOutput(options);
  const { reference, registry } = namedRegistry(context, place, options);
  const destination = requireDirectory(context.path(options.to));
  const chain = options.root === undefined ? undefined : readRootChain(context, options.root);
  const request = { registry, tag: reference.tag, destination, chain };
  const pulled = await pullRelease(request, releasePorts(context, output));
  giveMediumId(context, output, destination);
  const { statement, payloadDigest, manifestDigest, verifiedBy, roots, blobs, bytes } = pulled;
  if (verifiedBy === undefined) output.warn("the signatures were not checked: --root ROOT does");
  output.result(
    { statement, payloadDigest, manifestDigest, verified: verifiedBy !== undefined, verifiedBy, roots, blobs, bytes },
    () =>
      [
        `pulled    ${releaseTitle(statement)}`,
        `payload   ${payloadDigest}`,
        ...(verifiedBy ?? []).map((keyId) => `signed    ${keyId}`),
        ...(roots.length === 0 ? [] : [`roots     ${roots.join(", ")}`]),
        `contents  ${blobs} blobs, ${formatBytes(bytes)}`,
        `medium    ${destination}`,
      ].join("\n"),
  );
}
