/**
 * bootc's status: its JSON is the one thing that is believed about deployments.
 *
 * Fields that older versions do not have get bootc's null, and unknown ones and unknown words are passed over
 * (host-status.ts).
 */
import { HostError } from "../../host/error.ts";
import type { Exec } from "../../host/exec.ts";
import { OciError } from "../../oci/error.ts";
import { parseStrictJson } from "../../oci/strict-json.ts";
import { DeployError } from "../error.ts";
import { type Host, parseHost } from "../host-status.ts";

const STATUS_TIMEOUT_MS = 2 * 60_000; // it waits for the lock of another bootc
const LIMITS = { maxBytes: 4 << 20, maxDepth: 32 }; // some 10 KiB and eight levels

/** @throws DeployError DEPLOY_BOOTC_MISSING, DEPLOY_BOOTC_FAILED, DEPLOY_HOST_INVALID; HostError HOST_TOOL_TIMEOUT */
export async function readHost(exec: Exec): Promise<Host> {
  const stdout = await runStatus(exec);
  try {
    return parseHost(parseStrictJson(stdout, "bootc's status", LIMITS));
  } catch (error) {
    if (!(error instanceof OciError)) throw error;
    throw new DeployError("DEPLOY_HOST_INVALID", `bootc's status is no JSON: ${error.message}`, { cause: error });
  }
}

async function runStatus(exec: Exec): Promise<Buffer> {
  try {
    const argv = ["bootc", "status", "--format=json", "--format-version=1"] as const;
    return (await exec(argv, { timeoutMs: STATUS_TIMEOUT_MS })).stdout;
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    if (error.code === "HOST_TOOL_MISSING") {
      throw new DeployError("DEPLOY_BOOTC_MISSING", "this host has no bootc", { cause: error });
    }
    if (error.code !== "HOST_TOOL_FAILED") throw error;
    throw new DeployError("DEPLOY_BOOTC_FAILED", error.message, { cause: error });
  }
}
