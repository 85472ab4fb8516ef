/**
 * One bootferry at a time per state directory, by flock(2) through util-linux's `flock` (Node has no such call).
 *
 * The lock lives in a child that ends when our end of its standard input closes, so a crash of ours frees it: there is
 * no stale lock to clean up.
 */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { errnoOf } from "../error.ts";
import type { AbsPath } from "../path.ts";
import { HostError, hostError } from "./error.ts";

const CONFLICT_STATUS = 75; // EX_TEMPFAIL of sysexits.h
// ^C and systemd's stop reach our children too: who holds the lock must not let go of it while we still write.
const HOLD = "trap '' HUP INT TERM; echo locked; exec cat";

export interface LockWait {
  /** How long to wait for whoever holds it; 0 fails at once. */
  readonly timeoutSeconds: number;
  /** Ends the waiting. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Takes the lock of `path`, or fails at once unless `wait` says how long to try. Disposing frees it.
 * @throws HostError HOST_BUSY when another process holds it, HOST_TOOL_MISSING without util-linux; the reason of the signal
 */
export async function openLock(path: AbsPath, wait: LockWait = { timeoutSeconds: 0 }): Promise<AsyncDisposable> {
  try {
    mkdirSync(dirname(path), { recursive: true });
  } catch (error) {
    throw hostError(error, `making the directory of ${path}`);
  }
  // --no-fork: the one process that has the signals ignored is the one that holds the lock.
  const patience = wait.timeoutSeconds > 0 ? ["--timeout", String(wait.timeoutSeconds)] : ["--nonblock"];
  const args = [...patience, "--no-fork", "--conflict-exit-code", String(CONFLICT_STATUS), path, "sh", "-c", HOLD];
  const { execa } = await import("execa"); // late, as in exec.ts
  const child = execa("flock", args, { reject: false, stderr: "pipe", env: { LC_ALL: "C" } });
  const stopWaiting = () => void child.kill(); // who only waits has its signals still
  wait.signal?.addEventListener("abort", stopWaiting, { once: true });
  if (wait.signal?.aborted === true) stopWaiting(); // since we were called
  const locked = await Promise.race([
    new Promise<true>((resolve) => child.stdout.once("data", () => resolve(true))),
    child.then((result) => result),
  ]);
  wait.signal?.removeEventListener("abort", stopWaiting);
  if (locked !== true) wait.signal?.throwIfAborted();
  if (locked !== true) {
    if (errnoOf(locked.cause) === "ENOENT") throw new HostError("HOST_TOOL_MISSING", "flock is not installed");
    if (locked.exitCode === CONFLICT_STATUS) throw new HostError("HOST_BUSY", `${path} is locked by another process`);
    throw new HostError("HOST_IO", `flock ${path}: ${locked.stderr}`);
  }
  return {
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      await child;
    },
  };
}
