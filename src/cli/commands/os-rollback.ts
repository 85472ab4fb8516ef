/** `bootferry os rollback`: go back to the other deployment at the next boot; bootc's flags and lines. */
import { type Command, Option } from "commander";
import { withdrawAttempt } from "../../agent/withdraw.ts";
import { EXIT } from "../../error.ts";
import type { CliContext } from "../context.ts";
import { addSysrootOption, openDeviceForRescue, type SysrootOption } from "../device.ts";
import { addTeaching } from "../help.ts";
import { addOutputOptions } from "../options.ts";
import { applyByReboot } from "../os-update.ts";
import type { OutputOptions } from "../output.ts";

interface Options extends SysrootOption, OutputOptions {
  readonly apply?: boolean;
}

const DESCRIPTION = `Makes the other deployment the next one to boot, and drops what is staged. Run again before the reboot it takes that back.

Going back is no install: it needs no medium and no permission, and the floors of this device stay where they are. Each deployment has its own /etc, so the older system sees its own; /var is shared. A deployment that never was confirmed is tried as a new one is, and falls back.`;

export function registerOsRollback(parent: Command, context: CliContext): void {
  const command = parent
    .command("rollback")
    .summary("boot the other deployment next time")
    .description(DESCRIPTION)
    .addOption(new Option("--apply", "reboot into it now"));
  addSysrootOption(command);
  addOutputOptions(command);
  command.action(async (options: Options) => {
    const output = context.openOutput(options);
    await using device = await openDeviceForRescue(context, options);
    // First: were the power to go between the two, the agent would stage once more what the person has just taken back.
    withdrawAttempt(device.paths.stateDirectory, context.clock);
    const { nextBoot } = await device.backend.rollback();
    const host = await device.backend.status();
    output.result({ nextBoot, host }, () => `Next boot: ${nextBoot} deployment`);
    if (options.apply) await applyByReboot(context, device, output);
  });
  addTeaching(command, {
    examples: [{ does: "Go back now", command: "bootferry os rollback --apply" }],
    exits: [EXIT.busy],
  });
}
