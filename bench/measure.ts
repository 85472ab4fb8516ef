/**
 * Times child processes side by side: contestants take turns within each round, so that a slow minute of the machine hits
 * all of them alike, and the median over the rounds is what counts.
 *
 * Each run starts from the same place: fresh output directories, dirty pages of earlier runs written back, inputs in the
 * page cache (round 0 is not counted). GNU time reports CPU time and peak memory over the child and its descendants.
 */
import { spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** One program in a comparison. */
export interface Contestant {
  readonly name: string;
  /** Makes the start conditions and gives the command; what it does is not timed. */
  prepare(): { readonly argv: readonly [string, ...string[]]; readonly syncDirectory?: string };
  /** Removes what the command made; not timed. */
  cleanUp?(): void;
}

interface Sample {
  readonly wallSeconds: number;
  /** Until its output has reached the disk (`sync -f`): some contestants sync by themselves, others leave it to the kernel. */
  readonly durableSeconds: number;
  readonly cpuSeconds: number;
  readonly peakBytes: number;
}

export interface Figures extends Sample {
  readonly name: string;
  readonly runs: number;
}

/** Runs the contestants `runs` times in turn and gives each one's medians, in their order. */
export async function compare(contestants: readonly Contestant[], runs: number, scratch: string): Promise<Figures[]> {
  const samples = contestants.map((): Sample[] => []);
  for (let round = 0; round <= runs; round++) {
    for (const [index, contestant] of contestants.entries()) {
      const sample = await runOnce(contestant, scratch);
      if (round > 0) samples[index]?.push(sample);
    }
  }
  return contestants.map(({ name }, index) => {
    const own = samples[index] ?? [];
    return {
      name,
      runs,
      wallSeconds: median(own.map((sample) => sample.wallSeconds)),
      durableSeconds: median(own.map((sample) => sample.durableSeconds)),
      cpuSeconds: median(own.map((sample) => sample.cpuSeconds)),
      peakBytes: Math.max(...own.map((sample) => sample.peakBytes)), // a limit holds for the worst run
    };
  });
}

async function runOnce(contestant: Contestant, scratch: string): Promise<Sample> {
  const { argv, syncDirectory } = contestant.prepare();
  spawnSync("sync");
  const usage = join(scratch, "usage");
  const started = performance.now();
  await run(["/usr/bin/time", "-f", "%U %S %M", "-o", usage, ...argv]);
  const ended = performance.now();
  if (syncDirectory !== undefined) spawnSync("sync", ["-f", syncDirectory]);
  const durable = performance.now();
  const [user = 0, system = 0, peakKib = 0] = readFileSync(usage, "utf8").trim().split(" ").map(Number);
  contestant.cleanUp?.();
  return {
    wallSeconds: (ended - started) / 1000,
    durableSeconds: (durable - started) / 1000,
    cpuSeconds: user + system,
    peakBytes: peakKib * 1024,
  };
}

/** Runs a command to its end; its output is shown only when it fails. */
export function run(argv: readonly [string, ...string[]]): Promise<string> {
  const [file, ...args] = argv;
  const child = spawn(file, args, { stdio: ["ignore", "pipe", "pipe"] });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on("data", (chunk) => stdout.push(chunk));
  child.stderr.on("data", (chunk) => stderr.push(chunk));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (status) => {
      if (status === 0) resolve(Buffer.concat(stdout).toString("utf8"));
      else reject(new Error(`${argv.join(" ")} ended with ${status}:\n${Buffer.concat(stderr)}`));
    });
  });
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}
