/**
 * The one place that runs bootc to change something. Its exit status and its last words are what comes back: whether
 * anything was staged is read from its status afterwards (classify-run.ts), since exit status 0 does not say so and
 * another one does not say the opposite.
 */
import { HostError } from "../../host/error.ts";
import type { Exec } from "../../host/exec.ts";
import { openLineFifo } from "../../host/line-fifo.ts";
import { type AbsPath, below } from "../../path.ts";
import { type BootcProgress, parseProgress } from "./progress.ts";

export interface BootcRun {
  /** Null when it had to be ended, or was killed. */
  readonly exitCode: number | null;
  readonly stderrTail: string;
}

export interface RunBootcOptions {
  readonly runtimeDirectory: AbsPath;
  /** Hears what bootc says of its progress; give it only to a bootc that has `--progress-fd`. */
  readonly onProgress?: ((progress: BootcProgress) => void) | undefined;
  /** Ends bootc. Only for runs that may end anywhere. */
  readonly signal?: AbortSignal | undefined;
}

/** It unpacks a whole system onto what may be a worn SD card. */
const RUN_TIMEOUT_MS = 4 * 60 * 60_000;
const FIRST_EXTRA_FD = 3;

/** Runs `bootc ARGS`. @throws HostError HOST_TOOL_MISSING; the reason of the signal */
export async function runBootc(exec: Exec, args: readonly string[], options: RunBootcOptions): Promise<BootcRun> {
  const { onProgress, runtimeDirectory } = options;
  if (onProgress === undefined) return run(exec, args, options);
  const onLine = (line: string) => {
    const progress = parseProgress(line);
    if (progress !== undefined) onProgress(progress);
  };
  await using fifo = await tryOpenFifo(exec, below(runtimeDirectory, "bootc-progress"), onLine);
  if (fifo === undefined) return run(exec, args, options);
  return await run(exec, [...args, "--progress-fd", String(FIRST_EXTRA_FD)], options, [fifo.writeFd]);
}

/** A run without its progress is worth more than no run. */
async function tryOpenFifo(...args: Parameters<typeof openLineFifo>) {
  try {
    return await openLineFifo(...args);
  } catch (error) {
    if (error instanceof HostError) return undefined;
    throw error;
  }
}

async function run(
  exec: Exec,
  args: readonly string[],
  { signal }: RunBootcOptions,
  extraFds: readonly number[] = [],
): Promise<BootcRun> {
  try {
    const { exitCode, stderrTail } = await exec(["bootc", ...args], {
      timeoutMs: RUN_TIMEOUT_MS,
      acceptsAll: true,
      extraFds,
      ...(signal === undefined ? {} : { signal }),
    });
    return { exitCode, stderrTail };
  } catch (error) {
    const wasEnded = error instanceof HostError && error.code !== "HOST_TOOL_MISSING";
    if (wasEnded) return { exitCode: null, stderrTail: error.message };
    throw error;
  }
}
