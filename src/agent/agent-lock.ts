/** One at a time per device: the agent, and every command that changes what is deployed. */
import { type LockWait, openLock } from "../host/lock.ts";
import { type AbsPath, below } from "../path.ts";

/**
 * Takes the lock, or fails at once unless `wait` says how long to try. Disposing frees it.
 * @throws HostError HOST_BUSY when another one runs; the reason of the signal
 */
export function openAgentLock(runtimeDirectory: AbsPath, wait?: LockWait): Promise<AsyncDisposable> {
  return openLock(below(runtimeDirectory, "agent.lock"), wait);
}
