/** `bootferry os simulate-boot`: the power button of a simulated device. */
import { randomUUID } from "node:crypto";
import type { Command } from "commander";
import { openAgentLock } from "../../agent/agent-lock.ts";
import { parseCommandLine } from "../../deploy/native/command-line.ts";
import { simulateReboot } from "../../deploy/native/simulated-machine.ts";
import { EXIT } from "../../error.ts";
import type { CliContext } from "../context.ts";
import { addSysrootOption, findDevice, type SysrootOption } from "../device.ts";
import { CliError } from "../error.ts";
import { addTeaching } from "../help.ts";
import { addOutputOptions } from "../options.ts";
import type { OutputOptions } from "../output.ts";

export function registerOsSimulateBoot(parent: Command, context: CliContext): void {
  const command = parent
    .command("simulate-boot")
    .summary("boot a simulated device (with --sysroot)")
    .description(
      "Ends the system that runs in a simulated device and boots the next one: the entry is chosen, and its try counted, " +
        "from the files on its boot partition as systemd-boot does. No program of the system is run; `agent run` does " +
        "then what it would do after a boot.",
    );
  addSysrootOption(command);
  addOutputOptions(command);
  command.action(async (options: SysrootOption & OutputOptions) => {
    if (options.sysroot === undefined)
      throw new CliError("CLI_USAGE", "--sysroot is needed: this machine is not booted by hand");
    const { paths } = findDevice(context, options);
    await using _lock = await openAgentLock(paths.runtimeDirectory); // a running agent would be cut as by the power
    const bootId = randomUUID();
    const { fileName, countedFileName, commandLine } = simulateReboot(paths, bootId);
    const deployment = parseCommandLine(commandLine.split(" ")).id ?? null;
    const result = { entry: fileName, entryNow: countedFileName, deployment, bootId, commandLine };
    context.openOutput(options).result(result, () => {
      const counted = fileName === countedFileName ? "" : `, now ${countedFileName}`;
      return `booted ${deployment ?? "an unknown system"} by ${fileName}${counted}`;
    });
  });
  addTeaching(command, {
    examples: [{ does: "Press the button", command: "bootferry os simulate-boot --sysroot ./device" }],
    exits: [EXIT.busy],
  });
}
