/**
 * A child process that is listened to line by line while it runs, such as `udevadm monitor`. Like exec.ts: argv arrays,
 * no shell, `LC_ALL=C`. It has no timeout, since it ends when the signal says so or of itself.
 */
import { createInterface } from "node:readline";
import { errnoOf } from "../error.ts";
import { HostError } from "./error.ts";

/** Runs `argv` and yields what it prints on stdout, line by line, until it ends or `signal` is aborted. */
export type FollowLines = (argv: readonly [string, ...string[]], signal: AbortSignal) => AsyncIterable<string>;

/**
 * The FollowLines of this machine. Aborting ends it in order, without an error, and the child with SIGTERM.
 * @throws HostError HOST_TOOL_MISSING, HOST_TOOL_FAILED
 */
export const followLinesOnHost: FollowLines = async function* (argv, signal) {
  const [file, ...args] = argv;
  if (signal.aborted) return;
  const { execa } = await import("execa");
  const child = execa(file, args, {
    stdin: "ignore",
    stderr: "ignore",
    buffer: false,
    reject: false,
    env: { LC_ALL: "C" },
    cancelSignal: signal,
  });
  try {
    // not execa's own iteration: that waits for the child to end when its reader has gone away
    yield* createInterface({ input: child.stdout });
  } finally {
    child.kill(); // does nothing to one that has ended
  }
  const result = await child;
  if (signal.aborted) return;
  if (errnoOf(result.cause) === "ENOENT" || (result.exitCode === undefined && errnoOf(result) === "ENOENT")) {
    throw new HostError("HOST_TOOL_MISSING", `${file} is not installed`, { cause: result });
  }
  if (result.exitCode !== 0) throw new HostError("HOST_TOOL_FAILED", `${argv.join(" ")} ended`, { cause: result });
};
