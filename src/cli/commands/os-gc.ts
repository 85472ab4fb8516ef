/** `bootferry os gc`: free what no deployment needs. */
import { type Command, Option } from "commander";
import { EXIT } from "../../error.ts";
import { byteProgress } from "../byte-progress.ts";
import type { CliContext } from "../context.ts";
import { addSysrootOption, openDeviceForRescue, type SysrootOption } from "../device.ts";
import { formatBytes } from "../format-units.ts";
import { addTeaching } from "../help.ts";
import { addOutputOptions } from "../options.ts";
import type { OutputOptions } from "../output.ts";

interface Options extends SysrootOption, OutputOptions {
  readonly dropRollback?: boolean;
}

export function registerOsGc(parent: Command, context: CliContext): void {
  const command = parent
    .command("gc")
    .summary("free what no deployment needs")
    .description(
      "Removes deployments, kernels, images and objects that nothing needs any more. The booted deployment, the one to " +
        "go back to, what is staged and what is pinned stay. Refused while the running system is not confirmed.",
    )
    .addOption(new Option("--drop-rollback", "also the deployment to go back to, unless the machine would need it"));
  addSysrootOption(command);
  addOutputOptions(command);
  command.action(async (options: Options) => {
    const output = context.openOutput(options);
    await using device = await openDeviceForRescue(context, options);
    using progress = byteProgress(output, "removing");
    const { onProgress } = progress;
    const result = await device.backend.gc({ dropRollback: options.dropRollback ?? false, onProgress });
    progress[Symbol.dispose]();
    output.result(result, () =>
      [
        ...result.deployments.map((id) => `removed deployment ${id}`),
        ...result.kernels.map((checksum) => `removed kernel ${checksum}`),
        `removed ${result.objects} objects, ${formatBytes(result.freedBytes)} in all`,
      ].join("\n"),
    );
  });
  addTeaching(command, {
    examples: [{ does: "Make room", command: "bootferry os gc" }],
    exits: [EXIT.busy],
  });
}
