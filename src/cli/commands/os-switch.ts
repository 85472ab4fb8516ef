/** `bootferry os switch`: another image, named by where it lies; bootc's flags and lines. */
import { existsSync } from "node:fs";
import { type Command, Option } from "commander";
import { MEDIUM_DIRECTORY, openMedium } from "../../bundle/medium.ts";
import { DeployError } from "../../deploy/error.ts";
import { EXIT } from "../../error.ts";
import { type AbsPath, below } from "../../path.ts";
import { agentVersion } from "../agent-version.ts";
import type { CliContext } from "../context.ts";
import { addSysrootOption, openNativeDevice, type SysrootOption } from "../device.ts";
import { addTeaching } from "../help.ts";
import { addKargOptions, type KargOptions, kargChanges, warnOfUnusedKargs } from "../karg-options.ts";
import { addOutputOptions } from "../options.ts";
import { applyByReboot, chooseForDevice, installChoice, type UpdateResult } from "../os-update.ts";
import type { OutputOptions } from "../output.ts";

interface Options extends SysrootOption, OutputOptions, KargOptions {
  readonly apply?: boolean;
  readonly trustLocal?: boolean;
}

const DESCRIPTION = `Installs the release in TARGET, the mount point of a medium or a directory in its place, and makes it the next boot. It is verified as the agent verifies it: the signatures, the release name that this device follows, and its floors hold here too.

An OCI layout without a signed release is refused. --trust-local asks to take one all the same; the policy of this device has to allow that, and no policy does so far.`;

export function registerOsSwitch(parent: Command, context: CliContext): void {
  const command = parent
    .command("switch")
    .summary("install the release in a directory")
    .description(DESCRIPTION)
    .argument("<target>", "mount point of a medium, or a directory in its place")
    .addOption(
      new Option("--transport <transport>", "where the target is: a directory").choices(["oci"]).default("oci"),
    )
    .addOption(new Option("--apply", "reboot when something is queued"))
    .addOption(new Option("--trust-local", "take an image without a signed release, where the policy allows it"));
  addKargOptions(command);
  addSysrootOption(command);
  addOutputOptions(command);
  command.action(async (target: string, options: Options) => {
    const output = context.openOutput(options);
    await using device = await openNativeDevice(context, options);
    const kargs = kargChanges(options);
    const directory = context.path(target);
    refuseUnsigned(directory, options.trustLocal ?? false);
    const medium = await openMedium(directory, context.signal);
    const choice = await chooseForDevice(context, device, medium, {
      agentVersion: agentVersion(command),
      isDryRun: false,
      output,
    });
    if (choice.kind === "refused") throw choice.error;
    const result: UpdateResult =
      choice.kind === "nothing"
        ? {
            result: "none",
            lines: ["Image specification is unchanged.", choice.message],
            host: await device.backend.status(),
          }
        : await installChoice(context, device, { medium, choice, output, isLocked: false, kargs });
    output.result(result, () => result.lines.join("\n"));
    if (result.result === "none") warnOfUnusedKargs(options, output);
    if (options.apply && result.result === "queued") await applyByReboot(context, device, output);
  });
  addTeaching(command, {
    examples: [{ does: "From a stick", command: "bootferry os switch --transport oci /run/media/usb --apply" }],
    exits: [EXIT.notTrusted, EXIT.notApplicable, EXIT.noSpace, EXIT.medium, EXIT.busy],
  });
}

/** A layout of some other tool: complete, maybe, but nobody has signed what it is. */
function refuseUnsigned(directory: AbsPath, isLocalTrustAsked: boolean): void {
  const isPlainLayout = existsSync(below(directory, "oci-layout")) && !existsSync(below(directory, MEDIUM_DIRECTORY));
  if (!isPlainLayout) return;
  if (isLocalTrustAsked) {
    throw new DeployError(
      "DEPLOY_TRUST_LOCAL_REFUSED",
      `${directory} holds no signed release, and the policy wants one`,
    );
  }
  throw new DeployError("DEPLOY_IMAGE_UNSIGNED", `${directory} is an OCI layout without a signed release`);
}
