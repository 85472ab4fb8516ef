/** `bootferry os upgrade`: the newest release of a medium, by hand; bootc's flags and lines. */
import { type Command, Option } from "commander";
import { openMedium } from "../../bundle/medium.ts";
import { DeployError } from "../../deploy/error.ts";
import { EXIT } from "../../error.ts";
import { agentVersion } from "../agent-version.ts";
import type { CliContext } from "../context.ts";
import { addSysrootOption, type NativeDevice, openNativeDevice, type SysrootOption } from "../device.ts";
import { CliError } from "../error.ts";
import { addTeaching } from "../help.ts";
import { addKargOptions, type KargOptions, kargChanges, warnOfUnusedKargs } from "../karg-options.ts";
import { addOutputOptions } from "../options.ts";
import {
  activateAndWarn,
  applyByReboot,
  chooseForDevice,
  describeChoice,
  installChoice,
  type UpdateResult,
} from "../os-update.ts";
import type { Output, OutputOptions } from "../output.ts";
import { verifyDownloaded } from "../verify-downloaded.ts";

interface Options extends SysrootOption, OutputOptions, KargOptions {
  readonly medium?: string;
  readonly check?: boolean;
  readonly apply?: boolean;
  readonly downloadOnly?: boolean;
  readonly fromDownloaded?: boolean;
}

const DESCRIPTION = `Takes the best release for this device from a medium, verifies it as the agent does, and makes it the next boot. After the reboot it is tried, and kept when \`bootferry agent run\` finds it healthy.

The floors of this device hold: an older release is refused; \`bootferry os rollback\` goes back to what is on the device.`;

export function registerOsUpgrade(parent: Command, context: CliContext): void {
  const command = parent
    .command("upgrade")
    .alias("update")
    .summary("install the newest release of a medium")
    .description(DESCRIPTION)
    .addOption(new Option("--medium <directory>", "mount point of the medium, or the directory in its place"))
    .addOption(
      new Option("--check", "only say whether there is something new").conflicts([
        "apply",
        "downloadOnly",
        "fromDownloaded",
      ]),
    )
    .addOption(new Option("--apply", "reboot when something is queued"))
    .addOption(
      new Option("--download-only", "store and stage, but do not make it the next boot").conflicts([
        "apply",
        "fromDownloaded",
      ]),
    )
    .addOption(
      new Option("--from-downloaded", "make what is staged the next boot; needs no medium").conflicts([
        "medium",
        "karg",
        "kargDelete",
      ]),
    );
  addKargOptions(command);
  addSysrootOption(command);
  addOutputOptions(command);
  command.action(async (options: Options) => {
    const output = context.openOutput(options);
    await using device = await openNativeDevice(context, options);
    const result = options.fromDownloaded
      ? await activateDownloaded(context, device, output)
      : await upgrade(context, device, output, options, agentVersion(command));
    output.result(result, () => result.lines.join("\n"));
    if (result.result === "none") warnOfUnusedKargs(options, output);
    if (options.apply && result.result === "queued") await applyByReboot(context, device, output);
  });
  addTeaching(command, {
    examples: [
      { does: "Install and reboot", command: "bootferry os upgrade --medium /run/media/usb --apply" },
      { does: "Look first", command: "bootferry os upgrade --medium /run/media/usb --check" },
    ],
    exits: [EXIT.notTrusted, EXIT.notApplicable, EXIT.noSpace, EXIT.medium, EXIT.busy],
  });
}

async function upgrade(
  context: CliContext,
  device: NativeDevice,
  output: Output,
  options: Options,
  version: string,
): Promise<UpdateResult> {
  if (options.medium === undefined)
    throw new CliError("CLI_USAGE", "--medium is needed, unless --from-downloaded is given");
  const kargs = kargChanges(options);
  const medium = await openMedium(context.path(options.medium), context.signal);
  const choice = await chooseForDevice(context, device, medium, {
    agentVersion: version,
    isDryRun: options.check ?? false,
    output,
  });
  switch (choice.kind) {
    case "refused":
      throw choice.error;
    case "nothing": {
      const lines = [options.check ? `No changes in: ${options.medium}` : "No update available.", choice.message];
      return { result: "none", lines, host: await device.backend.status() };
    }
    case "install":
      if (options.check) {
        const lines = [`Update available for: ${options.medium}`, ...describeChoice(choice)];
        return { result: "available", lines, host: await device.backend.status() };
      }
      return installChoice(context, device, { medium, choice, output, isLocked: options.downloadOnly ?? false, kargs });
  }
}

async function activateDownloaded(context: CliContext, device: NativeDevice, output: Output): Promise<UpdateResult> {
  const { backend } = device;
  const staged = await backend.staged();
  if (staged === undefined) throw new DeployError("DEPLOY_NOT_STAGED", "No staged deployment found");
  await verifyDownloaded(context, output, device, staged);
  const wasLocked = (await backend.status()).status.staged?.downloadOnly === true;
  await activateAndWarn(device, staged, output);
  const line = wasLocked
    ? "Staged deployment will now be applied on reboot"
    : "Staged deployment is already set to apply on reboot";
  return { result: "queued", lines: [line], host: await backend.status() };
}
