/**
 * A child process that is listened to line by line while it runs, such as `udevadm monitor`. Like exec.ts: argv arrays,
 * no shell, `LC_ALL=C`. It has no timeout, since it ends when the signal says so or of itself.
 */
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
    env: { LC_ALL: "C" },
    cancelSignal: signal,
  });
  try {
    for await (const line of child) yield line;
    await child;
  } catch (error) {
    if (signal.aborted) return;
    if (errnoOf(error) === "ENOENT" || (error instanceof Error && errnoOf(error.cause) === "ENOENT")) {
      throw new HostError("HOST_TOOL_MISSING", `${file} is not installed`, { cause: error });
    }
    throw new HostError("HOST_TOOL_FAILED", `${argv.join(" ")} ended`, { cause: error });
  } finally {
    child.kill();
  }
};
