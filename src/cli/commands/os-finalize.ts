/** `bootferry os finalize`: brings the last changes of /etc along into what boots next. */
import type { Command } from "commander";
import { EXIT } from "../../error.ts";
import type { CliContext } from "../context.ts";
import { addSysrootOption, openDeviceForRescue, openNativeDevice, type SysrootOption } from "../device.ts";
import { addTeaching } from "../help.ts";
import { addOutputOptions } from "../options.ts";
import { activateAndWarn } from "../os-update.ts";
import type { Output, OutputOptions } from "../output.ts";

interface Options extends SysrootOption, OutputOptions {}

const DESCRIPTION = `Where an update waits for the reboot, /etc is merged into it once more, with what was changed since. Run by bootferry-finalize.service when the machine shuts down; when nothing waits, or nothing was changed, nothing is written.

What was only downloaded (\`os upgrade --download-only\`) stays locked.`;

export function registerOsFinalize(parent: Command, context: CliContext): void {
  const command = parent
    .command("finalize")
    .summary("merge /etc into what boots next once more")
    .description(DESCRIPTION);
  addSysrootOption(command);
  addOutputOptions(command);
  command.action(async (options: Options) => {
    const output = context.openOutput(options);
    const result = await finalise(context, options, output);
    output.result(result, () =>
      result.deployment === null ? "Nothing waits for a reboot." : `${result.deployment} is up to date.`,
    );
  });
  addTeaching(command, {
    examples: [{ does: "What the shutdown unit runs", command: "bootferry os finalize --quiet" }],
    exits: [EXIT.noSpace, EXIT.busy],
  });
}

async function finalise(context: CliContext, options: Options, output: Output) {
  if (!(await isSomethingWaiting(context, options))) return { deployment: null, conflicts: [], notApplied: [] };
  await using device = await openNativeDevice(context, options); // the number of tries is configured
  const staged = await device.backend.staged();
  if (staged === undefined) return { deployment: null, conflicts: [], notApplied: [] };
  const { id, conflicts, notApplied } = await activateAndWarn(device, staged, output);
  return { deployment: id, conflicts, notApplied };
}

/** Whether a deployment is activated and not yet booted; without a look at the configuration, which may be damaged. */
async function isSomethingWaiting(context: CliContext, options: Options): Promise<boolean> {
  await using device = await openDeviceForRescue(context, options);
  const { assessment, nextBoot, deployments } = await device.backend.bootFacts();
  const next = deployments.find(({ id }) => id === nextBoot);
  const staged = await device.backend.staged();
  return assessment === "confirmed" && next?.state === "armed" && !next.isBooted && staged?.id === next.id;
}
