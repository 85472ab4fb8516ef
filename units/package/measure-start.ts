/** How long the executable takes to answer, beside the bare Node from which it is made. */
import { spawnSync } from "node:child_process";
import { performance } from "node:perf_hooks";

const ROUNDS = 30;
const WARM_UP_ROUNDS = 3;

export interface StartUp {
  readonly nodeMs: number;
  readonly executableMs: number;
}

/** Medians; both take turns, so that a slow minute of the machine hits them alike. */
export function measureStart(node: string, executable: string): StartUp {
  const times = { node: [] as number[], executable: [] as number[] };
  for (let round = 0; round < WARM_UP_ROUNDS + ROUNDS; round++) {
    const nodeMs = timeMs(node, ["-e", "0"]);
    const executableMs = timeMs(executable, ["--version"]);
    if (round < WARM_UP_ROUNDS) continue;
    times.node.push(nodeMs);
    times.executable.push(executableMs);
  }
  return { nodeMs: median(times.node), executableMs: median(times.executable) };
}

function timeMs(file: string, args: readonly string[]): number {
  const started = performance.now();
  const { status, error } = spawnSync(file, args, { stdio: "ignore" });
  if (status !== 0) throw new Error(`${file} ended with status ${status}`, { cause: error });
  return performance.now() - started;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
