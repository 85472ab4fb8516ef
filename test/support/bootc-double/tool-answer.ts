/** What a stand-in for a tool answers, given to the caller as an Exec gives it. */
import { HostError } from "../../../src/host/error.ts";
import type { ExecOptions, ExecResult } from "../../../src/host/exec.ts";

export interface ToolAnswer {
  readonly exitCode: number;
  readonly stdout?: string;
  readonly stderr?: string;
}

/** @throws HostError HOST_TOOL_FAILED for a status that is not accepted */
export function asExecResult(
  argv: readonly string[],
  { accept, acceptsAll = false }: ExecOptions & { readonly acceptsAll?: boolean },
  answer: ToolAnswer,
): ExecResult {
  const { exitCode, stdout = "", stderr = "" } = answer;
  const stderrTail = stderr.trim();
  if (exitCode !== 0 && !acceptsAll && accept?.includes(exitCode) !== true) {
    const said = stderrTail === "" ? "" : `: ${stderrTail}`;
    throw new HostError("HOST_TOOL_FAILED", `${argv.join(" ")}: exit status ${exitCode}${said}`);
  }
  return { exitCode, stdout: Buffer.from(stdout), stderrTail };
}
