/** `bootferry os pin` and `os unpin`: deployments that stay whatever is installed after them. */
import type { Command } from "commander";
import { parseDeploymentName, setPinned } from "../../deploy/native/pin.ts";
import { EXIT } from "../../error.ts";
import type { CliContext } from "../context.ts";
import { addSysrootOption, openDeviceForRescue, type SysrootOption } from "../device.ts";
import { addTeaching } from "../help.ts";
import { addOutputOptions } from "../options.ts";
import type { OutputOptions } from "../output.ts";

interface Options extends SysrootOption, OutputOptions {}

const NAME_HELP = "booted, staged, rollback, or the id that `bootferry os status` shows";

export function registerOsPin(parent: Command, context: CliContext): void {
  const command = parent
    .command("pin")
    .summary("keep a deployment whatever is installed later")
    .description(
      "Keeps a deployment with its kernel and its files: no update and no `os gc` drops it until `os unpin`. It needs room on " +
        "the boot partition and on the root file system all that time.",
    )
    .argument("[deployment]", NAME_HELP, "booted");
  register(command, context, true);
  addTeaching(command, {
    examples: [{ does: "Keep what runs now", command: "bootferry os pin" }],
    exits: [EXIT.busy],
  });
}

export function registerOsUnpin(parent: Command, context: CliContext): void {
  const command = parent
    .command("unpin")
    .summary("take a pin back")
    .description("Lets a deployment go when the next update or `os gc` has no use for it.")
    .argument("[deployment]", NAME_HELP, "booted");
  register(command, context, false);
  addTeaching(command, {
    examples: [{ does: "Let an old one go", command: "bootferry os unpin 0123456789ab.7" }],
    exits: [EXIT.busy],
  });
}

function register(command: Command, context: CliContext, isPinned: boolean): void {
  addSysrootOption(command);
  addOutputOptions(command);
  command.action(async (name: string, options: Options) => {
    const deployment = parseDeploymentName(name);
    const output = context.openOutput(options);
    await using device = await openDeviceForRescue(context, options);
    const { id, hasChanged } = await setPinned(device.engine, deployment, isPinned);
    const now = isPinned ? "pinned" : "not pinned";
    output.result({ deployment: id, isPinned, hasChanged }, () => `${id} is ${now}${hasChanged ? "" : " already"}.`);
  });
}
