/** `bootferry agent status`: what the agent is doing, or did last. */
import type { Command } from "commander";
import { type AgentStatus, readStatus } from "../../agent/status-file.ts";
import type { CliContext } from "../context.ts";
import { addSysrootOption, findDevice, type SysrootOption } from "../device.ts";
import { formatBytes } from "../format-units.ts";
import { addTeaching } from "../help.ts";
import { addOutputOptions } from "../options.ts";
import type { OutputOptions } from "../output.ts";

export function registerAgentStatus(parent: Command, context: CliContext): void {
  const command = parent
    .command("status")
    .summary("what the agent is doing, or did last")
    .description(
      "Shows the state of the update that is under way or was the last one, and what to do. Changes nothing.",
    )
    .action((options: OutputOptions & SysrootOption) => {
      const { stateDirectory, runtimeDirectory } = findDevice(context, options).paths;
      const status = readStatus(stateDirectory, runtimeDirectory);
      context.openOutput(options).result(status, () => describeStatus(status));
    });
  addSysrootOption(command);
  addOutputOptions(command);
  addTeaching(command, {
    examples: [
      { does: "Look at a device", command: "bootferry agent status" },
      { does: "For a program", command: "bootferry agent status --json" },
    ],
  });
}

function describeStatus({ state, message, progress, code, remedy, updatedAtUtc }: AgentStatus): string {
  const lines = [`${state}: ${message}`];
  if (progress !== null) {
    lines.push(`${progress.label}: ${formatBytes(progress.doneBytes)} of ${formatBytes(progress.totalBytes)}`);
  }
  if (code !== null) lines.push(`code: ${code}`);
  if (remedy !== null) lines.push(`help: ${remedy}`);
  if (state !== "idle") lines.push(`since: ${updatedAtUtc}`);
  return lines.join("\n");
}
