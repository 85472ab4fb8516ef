/**
 * Programs that run when the agent enters a state: `hooks.d/<state>/`, for lamps, buzzers and screens.
 *
 * A hook only hears; it cannot hold the update up for longer than its deadline, and its failure changes nothing.
 * What they find in their environment stands in status-variables.ts; docs/hooks.md says it to those who write them.
 */
import type { AgentConfig } from "../config/agent-config.ts";
import { CodedError } from "../error.ts";
import type { Exec } from "../host/exec.ts";
import { type AbsPath, below } from "../path.ts";
import { collectPrograms, type ProgramFiles, runProgram } from "./programs.ts";
import type { AgentStatus } from "./status-file.ts";
import { statusVariables } from "./status-variables.ts";

/**
 * Runs the hooks of the state that `status` tells of, one after the other.
 * @returns one sentence for each that failed
 */
export async function runHooks(
  ports: { readonly exec: Exec; readonly programs: ProgramFiles },
  config: AgentConfig["hooks"],
  status: AgentStatus,
): Promise<readonly string[]> {
  const directories = config.directories.map((directory) => below(directory, status.state));
  const options = {
    timeoutSeconds: config["timeout-seconds"],
    env: { ...ports.programs.env, ...statusVariables(status) },
  };
  const failures: string[] = [];
  for (const program of await collectHooks(ports.programs, directories, failures)) {
    if (program.kind !== "runnable") continue;
    const result = await runProgram(ports.exec, [program.file], options);
    const failure = describeFailure(result);
    if (failure !== undefined) failures.push(`hook ${program.directory}/${program.name} ${failure}`);
  }
  return failures;
}

/** A directory that cannot be listed is a failure like any other: it must not keep a system from being confirmed. */
async function collectHooks(files: ProgramFiles, directories: readonly AbsPath[], failures: string[]) {
  try {
    return await collectPrograms(files, directories);
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    failures.push(`hooks could not run: ${error.message}`);
    return [];
  }
}

function describeFailure(result: Awaited<ReturnType<typeof runProgram>>): string | undefined {
  switch (result.kind) {
    case "exited":
      return result.exitCode === 0 ? undefined : `ended with exit status ${result.exitCode}: ${result.outputTail}`;
    case "timed-out":
      return "did not end in time";
    case "broken":
      return `could not run: ${result.why}`;
  }
}
