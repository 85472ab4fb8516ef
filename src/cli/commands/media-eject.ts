/** `bootferry media eject`: until "You can remove the stick". */
import { type Command, Option } from "commander";
import { EXIT } from "../../error.ts";
import type { CliContext } from "../context.ts";
import { ejectDevice, REMOVE_TEXT } from "../eject-device.ts";
import { addTeaching } from "../help.ts";
import { addOutputOptions } from "../options.ts";
import type { OutputOptions } from "../output.ts";

interface Options extends OutputOptions {
  readonly powerOff: boolean;
}

export function registerMediaEject(parent: Command, context: CliContext): void {
  const command = parent
    .command("eject")
    .summary("unmount a medium and switch it off")
    .description(
      "Writes out what is still in memory, unmounts everything on the disk, closes encrypted volumes and switches the disk off where that can be done. " +
        "It says when the medium can be removed. Disks of the running system are refused.",
    )
    .argument("<device>", "the disk or one of its partitions: /dev/sdb")
    .addOption(new Option("--no-power-off", "leave it switched on: to format it, or to mount it again"));
  addOutputOptions(command);
  command.action(async (device: string, options: Options) => {
    const output = context.openOutput(options);
    const ejected = await ejectDevice(context, output, context.media.resolveLinks(context.path(device)), options);
    output.result({ ...ejected, removable: true }, () => REMOVE_TEXT);
  });
  addTeaching(command, {
    examples: [{ does: "Before pulling the stick out", command: "bootferry media eject /dev/sdb" }],
    exits: [EXIT.medium, EXIT.busy],
  });
}
