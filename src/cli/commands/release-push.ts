/** `bootferry release push`: one release of a medium into a registry. */
import { type Command, Option } from "commander";
import { EXIT } from "../../error.ts";
import { type PushedRelease, pushRelease } from "../../release/registry/push-release.ts";
import type { CliContext } from "../context.ts";
import { addTeaching } from "../help.ts";
import { addMediumArgument, addOutputOptions, releaseOption } from "../options.ts";
import type { OutputOptions } from "../output.ts";
import { readRootChain } from "../read-root.ts";
import { addRegistryOptions, namedRegistry, REGISTRY_ARGUMENT, type RegistryOptions } from "../registry-options.ts";
import { releaseTitle } from "../release-facts.ts";
import { releasePorts } from "../release-ports.ts";

interface Options extends RegistryOptions, OutputOptions {
  readonly root: string;
  readonly release?: string;
  readonly replace?: boolean;
}

const DESCRIPTION = `Puts a release of a medium into a registry, through skopeo, every byte as it is: from one stick, a whole site is fed. The release is verified first, as "release verify" does it; one that devices would refuse is not pushed.

bootc hosts follow TAG ("bootc switch HOST/REPOSITORY:TAG") and get the image of their architecture. A release for several kinds of device (compatible) leaves TAG alone: hosts follow TAG-COMPATIBLE, which there is always. Beside it, TAG.release and NAME-VERSION.release hold all of the release, for "release pull".

bootc goes wherever a tag goes, back too. So TAG is not moved to an older release, nor to one of another name, unless --replace is given.`;

export function registerReleasePush(parent: Command, context: CliContext): void {
  const command = parent
    .command("push")
    .summary("put a release into a registry, for bootc hosts and for `release pull`")
    .description(DESCRIPTION);
  addMediumArgument(command)
    .argument("<registry>", REGISTRY_ARGUMENT)
    .addOption(new Option("--root <file>", "the trust root of the devices").makeOptionMandatory())
    .addOption(releaseOption())
    .addOption(new Option("--replace", "move the tags even from a newer release, or from one of another name"));
  addRegistryOptions(command);
  addOutputOptions(command);
  command.action(async (directory: string, place: string, options: Options) => {
    const output = context.openOutput(options);
    const { reference, registry } = namedRegistry(context, place, options);
    const pushed = await pushRelease(
      {
        medium: context.path(directory),
        selector: options.release,
        chain: readRootChain(context, options.root),
        registry,
        tag: reference.tag,
        replace: options.replace ?? false,
      },
      releasePorts(context, output),
    );
    for (const warning of pushed.warnings) output.warn(warning);
    output.result(factsOf(pushed, reference.repository), () => describe(pushed, reference.repository).join("\n"));
  });
  addTeaching(command, {
    examples: [
      {
        does: "Feed the registry of a site",
        command: "bootferry release push /media/usb docker://registry.site:5000/acme/kiosk-os:stable --root root.json",
      },
      {
        does: "One with a password and a certificate of its own",
        command:
          "bootferry release push /media/usb docker://registry.site/acme/kiosk-os:stable --root root.json --authfile auth.json --cert-dir certs",
      },
    ],
    exits: [EXIT.notTrusted, EXIT.medium],
  });
}

function factsOf(pushed: PushedRelease, repository: string) {
  const { statement, payloadDigest, signedBy, roots, wholeTags, wholeDigest, followed, warnings } = pushed;
  return {
    statement,
    payloadDigest,
    signedBy,
    roots,
    repository,
    release: { tags: wholeTags, digest: wholeDigest },
    followed: followed.map(({ tag, compatible, architectures, digest }) => ({
      tag,
      compatible,
      architectures,
      digest,
    })),
    warnings,
  };
}

function describe(pushed: PushedRelease, repository: string): readonly string[] {
  const { statement, payloadDigest, wholeTags, followed } = pushed;
  return [
    `pushed    ${releaseTitle(statement)}`,
    `payload   ${payloadDigest}`,
    ...followed.map(
      ({ tag, compatible, architectures }) =>
        `hosts     ${repository}:${tag}  ${compatible} ${architectures.join(", ")}`,
    ),
    ...wholeTags.map((tag) => `release   ${repository}:${tag}`),
  ];
}
