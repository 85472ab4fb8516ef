/**
 * Runs a command inside the test's own process: the same program, ports and words as in a child, half a second sooner.
 * For what a process of its own is about (signals, exit, loading) use cli.ts.
 */
import { PassThrough } from "node:stream";
import { findCalled } from "../../src/cli/called-command.ts";
import type { CliContext } from "../../src/cli/context.ts";
import { mediaHost } from "../../src/cli/media-host.ts";
import { openOutput } from "../../src/cli/output.ts";
import { buildProgram } from "../../src/cli/program.ts";
import { reportError } from "../../src/cli/report-error.ts";
import type { ExitStatus } from "../../src/error.ts";
import { systemClock } from "../../src/host/clock.ts";
import { execOnHost } from "../../src/host/exec.ts";
import { toAbsPath } from "../../src/path.ts";
import type { CliRun } from "./cli.ts";

const VERSION = "1.0.0";

/**
 * `await runInProcess(directory, ["os", "status"])`. The environment is empty but for `env`.
 * @param ports of the context, in place of those of this machine
 */
export async function runInProcess(
  cwd: string,
  args: readonly string[],
  env: CliContext["env"] = {},
  ports: Partial<CliContext> = {},
): Promise<CliRun> {
  const { context, said } = inProcessContext(cwd, { env, ...ports });
  const program = await buildProgram(context, VERSION, args[0]);
  try {
    await program.parseAsync(["node", "bootferry", ...args]);
  } catch (error) {
    const status = reportError(error, context.stderr, context.signal, findCalled(program, args));
    context.setExitStatus(status as ExitStatus);
  }
  return said();
}

/** The context of such a command; `said` tells what it wrote and its exit status. */
export function inProcessContext(cwd: string, ports: Partial<CliContext> = {}) {
  const [stdout, stderr] = [collect(), collect()];
  const { signal } = new AbortController();
  let exitStatus = 0;
  const context: CliContext = {
    exec: execOnHost,
    clock: systemClock,
    env: {},
    stdin: Object.assign(new PassThrough().end(), { isTTY: false as const }),
    stdout: stdout.sink,
    stderr: stderr.sink,
    signal,
    media: mediaHost(process.env),
    path: (text) => toAbsPath(text, cwd),
    openOutput: (options) => openOutput({ stdout: stdout.sink, stderr: stderr.sink, clock: systemClock, options }),
    setExitStatus(status) {
      exitStatus = status;
    },
    ...ports,
  };
  const said = (): CliRun => ({ exitStatus, stdout: stdout.text(), stderr: stderr.text() });
  return { context, said };
}

function collect() {
  const sink = new PassThrough();
  const chunks: Buffer[] = [];
  sink.on("data", (chunk: Buffer) => chunks.push(chunk));
  return { sink, text: () => Buffer.concat([...chunks, ...drained(sink)]).toString("utf8") };
}

function drained(sink: PassThrough): Buffer[] {
  const rest: Buffer | null = sink.read();
  return rest === null ? [] : [rest];
}
