/** `bootferry media format`: an empty medium that devices will know. */
import type { Command } from "commander";
import { EXIT } from "../../error.ts";
import { findDiskToFormat, verifyFits } from "../../media/check-format.ts";
import { closeMapping, labelMedium, makeFilesystem, verifyTools } from "../../media/format-medium.ts";
import { listBlockDevices } from "../../media/list-block-devices.ts";
import { type FormatPlan, planFormat } from "../../media/plan-format.ts";
import { confirmErase } from "../confirm-erase.ts";
import type { CliContext } from "../context.ts";
import { addFormatOptions, type FormatOptions, formatRequestOf } from "../format-options.ts";
import { addTeaching } from "../help.ts";
import { readNewLuksKey } from "../luks-key.ts";
import { blockDevicePorts, formatPorts } from "../media-ports.ts";
import { addOutputOptions } from "../options.ts";
import type { Output, OutputOptions } from "../output.ts";

interface Options extends FormatOptions, OutputOptions {}

const DESCRIPTION = `Erases a stick, card or disk and makes it a medium: a partition table, a file system, and the label that devices look for, set last so that a medium half made is none.

Disks of the running system are always refused, and so are mounted ones. Shows model, serial number and size first; without --yes the serial number must be typed.`;

export function registerMediaFormat(parent: Command, context: CliContext): void {
  const command = parent
    .command("format")
    .summary("erase a disk and make it a medium")
    .description(DESCRIPTION)
    .argument("<device>", "the whole disk: /dev/sdb, or a link to it in /dev/disk/by-id");
  addFormatOptions(command);
  addOutputOptions(command);
  command.action(async (device: string, options: Options) => {
    const output = context.openOutput(options);
    const plan = await formatDevice(context, output, device, options);
    await using container = new AsyncDisposableStack();
    if (plan.mapping !== undefined) container.defer(() => closeMapping(context.exec, plan.mapping ?? ""));
    await labelMedium(plan, formatPorts(context, output));
    output.result(formatFacts(plan), () => `${plan.volume} is a medium now: ${describePlan(plan)}`);
  });
  addTeaching(command, {
    examples: [
      { does: "A stick", command: "bootferry media format /dev/sdb" },
      { does: "Images with files of 4 GiB and more", command: "bootferry media format /dev/sdb --filesystem exfat" },
      {
        does: "An encrypted one, from a script",
        command: "bootferry media format /dev/disk/by-id/usb-ACME_1234-0:0 --luks-key-file stick.key --yes",
      },
    ],
    exits: [EXIT.medium, EXIT.busy],
  });
}

/**
 * Checks, shows and asks, then makes the file system without its label; an encrypted container stays open.
 * @throws MediaError, HostError, CliError
 */
export async function formatDevice(
  context: CliContext,
  output: Output,
  device: string,
  options: FormatOptions,
): Promise<FormatPlan> {
  const all = await listBlockDevices(blockDevicePorts(context));
  const disk = findDiskToFormat(all, context.media.resolveLinks(context.path(device)));
  const plan = planFormat(disk, formatRequestOf(options, disk));
  verifyFits(disk, plan.filesystem);
  verifyTools(plan, context.media.hasTool);
  context.media.verifyWritable(disk.path);
  await confirmErase(context, output, disk, options.yes ?? false);
  const key = plan.isEncrypted ? await readNewLuksKey(context, options.luksKeyFile) : undefined;
  await makeFilesystem(plan, key, formatPorts(context, output));
  return plan;
}

function formatFacts({ disk, volume, filesystem, label, partitionTable, isEncrypted }: FormatPlan) {
  return { disk, volume, filesystem, label, partitionTable, encrypted: isEncrypted };
}

function describePlan({ filesystem, label, partitionTable, isEncrypted }: FormatPlan): string {
  const table = partitionTable === "none" ? "without a partition table" : "in a GPT";
  return `${filesystem} ${table}${isEncrypted ? ", encrypted (LUKS2)" : ""}, label ${label}`;
}
