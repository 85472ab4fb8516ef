/** Runs the real command in a child process: what a person sees, byte for byte. */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
/** Halves the start of each child: stripping types and compiling is done once. */
const COMPILE_CACHE = fileURLToPath(new URL("../../node_modules/.cache/bootferry-tests", import.meta.url));

const { PATH, HOME, TMPDIR } = process.env;
const BASE_ENVIRONMENT = { PATH, HOME, TMPDIR, NODE_COMPILE_CACHE: COMPILE_CACHE };

export interface CliRun {
  readonly exitStatus: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  readonly cwd?: string;
  /** Added to a small environment of fixed values; a variable set to undefined is removed. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly stdin?: string;
}

/** A command that goes on until it is stopped. */
export interface RunningCli {
  /** Returns when the command has said this on stderr; fails when it ends without it. */
  says(text: string): Promise<void>;
  /** The same for stdout. */
  prints(text: string): Promise<void>;
  /** Reads stdout no longer, as `head` does. */
  closeOutput(): void;
  stop(signal: "SIGTERM" | "SIGINT"): void;
  readonly ended: Promise<CliRun>;
}

/** `await runCli(["release", "list", directory])` */
export function runCli(args: readonly string[], options: CliOptions = {}): Promise<CliRun> {
  return startCli(args, options).ended;
}

export function startCli(args: readonly string[], options: CliOptions = {}): RunningCli {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd: options.cwd,
    env: { ...BASE_ENVIRONMENT, ...options.env },
    stdio: "pipe",
  });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on("data", (chunk) => stdout.push(chunk));
  child.stderr.on("data", (chunk) => stderr.push(chunk));
  child.stdin.on("error", () => undefined); // the command may end without reading its input
  child.stdin.end(options.stdin ?? "");
  const said = () => Buffer.concat(stderr).toString("utf8");
  const ended = new Promise<CliRun>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (exitStatus) => {
      resolve({ exitStatus, stdout: Buffer.concat(stdout).toString("utf8"), stderr: said() });
    });
  });
  const seen = (stream: NodeJS.ReadableStream, all: () => string, text: string) =>
    new Promise<void>((resolve, reject) => {
      const look = () => void (all().includes(text) && resolve());
      stream.on("data", look);
      child.on("close", () => reject(new Error(`it ended without saying ${JSON.stringify(text)}: ${said()}`)));
      look();
    });
  return {
    ended,
    stop: (signal) => void child.kill(signal),
    says: (text) => seen(child.stderr, said, text),
    prints: (text) => seen(child.stdout, () => Buffer.concat(stdout).toString("utf8"), text),
    closeOutput: () => void child.stdout.destroy(),
  };
}

/** The result of a run with `--json`. Fails with what was said on stderr when the command did not succeed. */
export async function runCliJson(args: readonly string[], options: CliOptions = {}): Promise<unknown> {
  const run = await runCli([...args, "--json"], options);
  if (run.exitStatus !== 0) throw new Error(`${args.join(" ")} ended with ${run.exitStatus}: ${run.stderr}`);
  return JSON.parse(run.stdout);
}
