/** Asks the bootc of this host what it can do. */
import { HostError } from "../../host/error.ts";
import type { Exec } from "../../host/exec.ts";
import { DeployError } from "../error.ts";
import { type BootcFeatures, parseFeatures } from "./features.ts";

const ANSWER_TIMEOUT_MS = 60_000; // it reads its own binary and prints

/** @throws DeployError DEPLOY_BOOTC_MISSING, DEPLOY_BOOTC_TOO_OLD; HostError HOST_TOOL_TIMEOUT */
export async function readFeatures(exec: Exec): Promise<BootcFeatures> {
  const ask = async (...args: readonly string[]) => {
    const { stdout } = await exec(["bootc", ...args], { timeoutMs: ANSWER_TIMEOUT_MS, acceptsAll: true });
    return stdout.toString("utf8");
  };
  try {
    return requireUsable(
      parseFeatures({
        version: await ask("--version"),
        switchHelp: await ask("switch", "--help"),
        upgradeHelp: await ask("upgrade", "--help"),
      }),
    );
  } catch (error) {
    if (!(error instanceof HostError) || error.code !== "HOST_TOOL_MISSING") throw error;
    throw new DeployError("DEPLOY_BOOTC_MISSING", "this host has no bootc", { cause: error });
  }
}

function requireUsable(features: BootcFeatures): BootcFeatures {
  if (features.hasTransports) return features;
  const version = features.version?.join(".") ?? "of an unknown version";
  throw new DeployError("DEPLOY_BOOTC_TOO_OLD", `bootc ${version} cannot switch to a layout: it has no --transport`);
}
