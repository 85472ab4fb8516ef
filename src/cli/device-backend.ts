/** Which backend deploys on this device: our own engine, or the bootc that booted the host. */

import type { BootLoader } from "../boot/boot-loader.ts";
import type { AgentConfig } from "../config/agent-config.ts";
import type { DevicePaths } from "../config/device-paths.ts";
import { isBootedByBootc } from "../deploy/bootc/host-facts.ts";
import { readHost } from "../deploy/bootc/read-host.ts";
import { DeployError } from "../deploy/error.ts";
import { requireBooted } from "../deploy/native/boot-facts.ts";
import { readSnapshot } from "../deploy/native/snapshot.ts";
import type { Exec } from "../host/exec.ts";

export type BackendKind = "native" | "bootc";

interface DeviceToLookAt {
  readonly paths: DevicePaths;
  readonly loader: BootLoader;
}

/**
 * As agent.toml says; by default bootc's where bootc has booted the host and our engine has deployed nothing.
 * @throws HostError; DeployError DEPLOY_HOST_INVALID
 */
export async function chooseBackend(
  exec: Exec,
  device: DeviceToLookAt,
  configured: AgentConfig["deploy"]["backend"],
): Promise<BackendKind> {
  if (device.paths.isSimulated) return "native";
  if (configured !== "auto") return configured;
  return (await isBootcHost(exec, device)) ? "bootc" : "native";
}

/** For verbs of our own engine. @throws DeployError DEPLOY_NOT_NATIVE on a bootc host; HostError */
export async function requireNative(exec: Exec, device: DeviceToLookAt): Promise<void> {
  if (!(await isBootcHost(exec, device))) return;
  throw new DeployError("DEPLOY_NOT_NATIVE", "this host was booted by bootc, and bootferry has deployed nothing on it");
}

/**
 * For verbs of our own engine that need something of it running.
 * @throws DeployError DEPLOY_NOT_NATIVE, DEPLOY_NOT_BOOTED; HostError
 */
export async function requireNativeBooted(exec: Exec, device: DeviceToLookAt): Promise<void> {
  await requireNative(exec, device);
  requireBooted(readSnapshot(device.paths, device.loader));
}

/** @throws DeployError DEPLOY_BOOTC_MISSING, DEPLOY_NOT_BOOTC; HostError */
export async function requireBootc(exec: Exec): Promise<void> {
  if (isBootedByBootc(await readHost(exec))) return;
  throw new DeployError("DEPLOY_NOT_BOOTC", "this host was not booted by bootc");
}

async function isBootcHost(exec: Exec, { paths, loader }: DeviceToLookAt): Promise<boolean> {
  if (paths.isSimulated) return false;
  const { running, deployments } = readSnapshot(paths, loader);
  if (running.id !== undefined || deployments.length > 0) return false;
  try {
    return isBootedByBootc(await readHost(exec));
  } catch (error) {
    // No bootc, or one that only root may ask: whoever may not ask deploys nothing either.
    if (error instanceof DeployError && ["DEPLOY_BOOTC_MISSING", "DEPLOY_BOOTC_FAILED"].includes(error.code))
      return false;
    throw error;
  }
}
