/** `bootferry agent status`: what the agent is doing, or did last. */
import type { Command } from "commander";
import { type AgentStatus, readStatus } from "../../agent/status-file.ts";
import { trustStateFiles } from "../../agent/trust-memory.ts";
import type { DevicePaths } from "../../config/device-paths.ts";
import { CodedError } from "../../error.ts";
import type { Digest } from "../../oci/digest.ts";
import { readTrustCopies } from "../../trust/state-copies.ts";
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
      const { paths } = findDevice(context, options);
      const status = readStatus(paths.stateDirectory, paths.runtimeDirectory);
      const trustRoot = trustedRootName(paths);
      context.openOutput(options).result({ ...status, trustRoot }, () => describeStatus(status, trustRoot));
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

interface RootName {
  readonly version: number;
  readonly digest: Digest;
}

/** The root that the device remembers; null before its agent has run once, and for who may not read its memory. */
function trustedRootName(paths: DevicePaths): RootName | null {
  try {
    const root = readTrustCopies(trustStateFiles(paths)).state?.root;
    return root ? { version: root.version, digest: root.digest } : null;
  } catch (error) {
    if (error instanceof CodedError) return null; // what the agent is doing is to be seen all the same
    throw error;
  }
}

function describeStatus(
  { state, message, progress, code, remedy, updatedAtUtc }: AgentStatus,
  trustRoot: RootName | null,
): string {
  const lines = [`${state}: ${message}`];
  if (progress !== null) {
    lines.push(`${progress.label}: ${formatBytes(progress.doneBytes)} of ${formatBytes(progress.totalBytes)}`);
  }
  if (code !== null) lines.push(`code: ${code}`);
  if (remedy !== null) lines.push(`help: ${remedy}`);
  if (state !== "idle") lines.push(`since: ${updatedAtUtc}`);
  if (trustRoot !== null) lines.push(`trusts: root version ${trustRoot.version} (${trustRoot.digest})`);
  return lines.join("\n");
}
