/** One at a time per device: the agent, and every command that changes what is deployed. */
import { openLock } from "../host/lock.ts";
import { type AbsPath, below } from "../path.ts";

/** Takes the lock or fails at once. Disposing frees it. @throws HostError HOST_BUSY when another one runs */
export function openAgentLock(runtimeDirectory: AbsPath): Promise<AsyncDisposable> {
  return openLock(below(runtimeDirectory, "agent.lock"));
}
