/** Making a medium of a disk that a person has named: check, show, ask, then make it. For `media format` and `media write`. */
import { findDiskToFormat, verifyFits } from "../media/check-format.ts";
import { makeFilesystem, verifyTools } from "../media/format-medium.ts";
import { listBlockDevices } from "../media/list-block-devices.ts";
import { type FormatPlan, planFormat } from "../media/plan-format.ts";
import { confirmErase } from "./confirm-erase.ts";
import type { CliContext } from "./context.ts";
import { type FormatOptions, formatRequestOf } from "./format-options.ts";
import { readNewLuksKey } from "./luks-key.ts";
import { blockDevicePorts, formatPorts } from "./media-ports.ts";
import type { Output } from "./output.ts";

/**
 * Makes the file system without its label; an encrypted container stays open.
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

export function formatFacts({ disk, volume, filesystem, label, partitionTable, isEncrypted }: FormatPlan) {
  return { disk, volume, filesystem, label, partitionTable, encrypted: isEncrypted };
}

/** `vfat in a GPT, encrypted (LUKS2), label BOOTFERRY` */
export function describePlan({ filesystem, label, partitionTable, isEncrypted }: FormatPlan): string {
  const table = partitionTable === "none" ? "without a partition table" : "in a GPT";
  return `${filesystem} ${table}${isEncrypted ? ", encrypted (LUKS2)" : ""}, label ${label}`;
}
