/** The one place where skopeo is run. */
import { HostError } from "../host/error.ts";
import type { Exec, ExecOptions, ExecResult } from "../host/exec.ts";
import { ReleaseError } from "./error.ts";

export const INSPECT_TIMEOUT_MS = 2 * 60_000; // a registry that needs longer for one manifest is down
export const COPY_TIMEOUT_MS = 12 * 3_600_000; // tens of gigabytes over a slow line

/** @throws ReleaseError RELEASE_SKOPEO_MISSING; HostError HOST_TOOL_FAILED, HOST_TOOL_TIMEOUT; the reason of the signal */
export async function runSkopeo(exec: Exec, args: readonly string[], options: ExecOptions): Promise<ExecResult> {
  try {
    return await exec(["skopeo", ...args], options);
  } catch (error) {
    if (error instanceof HostError && error.code === "HOST_TOOL_MISSING") {
      const message = `reading ${args.find((arg) => arg.includes(":"))} needs skopeo, which is not installed`;
      throw new ReleaseError("RELEASE_SKOPEO_MISSING", message, { cause: error });
    }
    throw error;
  }
}
