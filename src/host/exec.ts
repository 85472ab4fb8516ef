/**
 * The one way to run a child process: argv arrays, no shell, a timeout always, `LC_ALL=C`, the end of stderr kept.
 */
import { errnoOf } from "../error.ts";
import { HostError } from "./error.ts";

export interface ExecOptions {
  readonly timeoutMs: number;
  readonly stdin?: Uint8Array | string;
  /** Added to our own environment; `LC_ALL=C` is always set. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly signal?: AbortSignal;
  /** Exit statuses that are an answer and not a failure; 0 is always one. */
  readonly accept?: readonly number[];
  /** Every exit status is an answer. */
  readonly acceptsAll?: boolean;
  /** Open files of ours that the child gets as 3, 4 …; they stay open here. */
  readonly extraFds?: readonly number[];
}

export interface ExecResult {
  readonly exitCode: number;
  readonly stdout: Buffer;
  /** The last {@link STDERR_TAIL_BYTES} of what the tool said. */
  readonly stderrTail: string;
}

/** Runs `argv[0]` with the rest as arguments and waits for its end. */
export type Exec = (argv: readonly [string, ...string[]], options: ExecOptions) => Promise<ExecResult>;

const STDERR_TAIL_BYTES = 4096;
const MAX_STDOUT_BYTES = 64 << 20; // our largest reader of a tool's output takes far less; a runaway tool is cut here

/**
 * The Exec of this machine.
 * @throws HostError HOST_TOOL_MISSING, HOST_TOOL_TIMEOUT, HOST_TOOL_FAILED
 */
export const execOnHost: Exec = async (argv, options) => {
  const [file, ...args] = argv;
  const { execa } = await import("execa"); // as late as possible: loading it takes as long as most of our commands
  options.signal?.throwIfAborted(); // before there is a child
  const extraFds = (options.extraFds ?? []) as readonly 3[]; // execa takes any number, and its types the first few
  const child = execa(file, args, {
    reject: false,
    encoding: "buffer",
    stripFinalNewline: false,
    timeout: options.timeoutMs,
    maxBuffer: MAX_STDOUT_BYTES,
    env: { ...options.env, LC_ALL: "C" },
    stdio: [options.stdin === undefined ? "ignore" : "pipe", "pipe", "pipe", ...extraFds],
    ...(options.stdin === undefined ? {} : { input: options.stdin }),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.signal === undefined ? {} : { cancelSignal: options.signal }),
  });
  const endGroup = () => signalGroup(child.pid);
  options.signal?.addEventListener("abort", endGroup, { once: true });
  const result = await child;
  options.signal?.removeEventListener("abort", endGroup);
  const stderr = Buffer.from(result.stderr ?? [])
    .toString("utf8")
    .trim();
  const stderrTail = stderr.slice(-STDERR_TAIL_BYTES);
  options.signal?.throwIfAborted();
  if (errnoOf(result.cause) === "ENOENT" || (result.exitCode === undefined && errnoOf(result) === "ENOENT")) {
    throw new HostError("HOST_TOOL_MISSING", `${file} is not installed`, { cause: result });
  }
  if (result.timedOut) {
    throw new HostError("HOST_TOOL_TIMEOUT", `${file} did not end within ${options.timeoutMs} ms`, { cause: result });
  }
  const exitCode = result.exitCode;
  if (exitCode === undefined || !isAnswer(exitCode, options)) {
    const how = exitCode === undefined ? (result.shortMessage ?? "could not run") : `exit status ${exitCode}`;
    const said = stderrTail ? `: ${stderrTail}` : "";
    throw new HostError("HOST_TOOL_FAILED", `${argv.join(" ")}: ${how}${said}`, { cause: result });
  }
  return { exitCode, stdout: Buffer.from(result.stdout ?? []), stderrTail };
};

function isAnswer(exitCode: number, { accept = [], acceptsAll = false }: ExecOptions): boolean {
  return exitCode === 0 || acceptsAll || accept.includes(exitCode);
}

/**
 * Ends the children of a child that leads a group of its own, as `timeout` does: ended itself in the instant after it has
 * forked, it leaves its program running, with our pipe in its hands.
 */
function signalGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGTERM");
  } catch (error) {
    if (errnoOf(error) !== "ESRCH") throw error; // it leads no group, or all of it has ended
  }
}
