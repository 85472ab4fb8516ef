/** `bootferry media format`: an empty medium that devices will know. */
import type { Command } from "commander";
import { EXIT } from "../../error.ts";
import { closeMapping, labelMedium } from "../../media/format-medium.ts";
import type { CliContext } from "../context.ts";
import { describePlan, formatDevice, formatFacts } from "../format-device.ts";
import { addFormatOptions, type FormatOptions } from "../format-options.ts";
import { addTeaching } from "../help.ts";
import { formatPorts } from "../media-ports.ts";
import { addOutputOptions } from "../options.ts";
import type { OutputOptions } from "../output.ts";

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
