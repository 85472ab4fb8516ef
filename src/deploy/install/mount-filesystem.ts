/** Mounting the file systems of a new disk while it is being filled. */
import { mkdirSync } from "node:fs";
import { HostError, hostError } from "../../host/error.ts";
import type { Exec } from "../../host/exec.ts";
import { syncFilesystem } from "../../host/sync-filesystem.ts";
import type { AbsPath } from "../../path.ts";

const MOUNT_TIMEOUT_MS = 60_000;
const UNMOUNT_TIMEOUT_MS = 30 * 60_000; // writes back what is still in memory, onto slow flash

export interface Mount {
  readonly device: AbsPath;
  readonly type: string;
  /** Made when it is not there. */
  readonly at: AbsPath;
  readonly options: readonly string[];
}

/** Mounts; disposing syncs and unmounts, also what a failed run left in use. @throws HostError */
export async function mountFilesystem(exec: Exec, { device, type, at, options }: Mount): Promise<AsyncDisposable> {
  try {
    mkdirSync(at, { recursive: true });
  } catch (error) {
    throw hostError(error, `making ${at}`);
  }
  await exec(["mount", "-t", type, "-o", options.join(","), device, at], { timeoutMs: MOUNT_TIMEOUT_MS });
  return {
    async [Symbol.asyncDispose]() {
      await syncFilesystem(exec, at);
      try {
        await exec(["umount", at], { timeoutMs: UNMOUNT_TIMEOUT_MS });
      } catch (error) {
        if (!(error instanceof HostError) || error.code !== "HOST_TOOL_FAILED") throw error;
        await exec(["umount", "--lazy", at], { timeoutMs: UNMOUNT_TIMEOUT_MS }); // someone looks into it: it is whole
      }
    },
  };
}
