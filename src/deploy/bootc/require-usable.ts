/**
 * Whether this host can be updated through bootc at all, asked before anything is stored: each obstacle is refused with
 * its own remedy.
 */
import type { Exec } from "../../host/exec.ts";
import { DeployError } from "../error.ts";
import type { Host } from "../host-status.ts";
import { isBootedByBootc } from "./host-facts.ts";

const TIMER = "bootc-fetch-apply-updates.timer";
const SYSTEMCTL_TIMEOUT_MS = 30_000;

/** @returns what stands in the way, or undefined */
export async function findObstacle(exec: Exec, host: Host): Promise<DeployError | undefined> {
  const { booted, readOnly } = host.status;
  if (booted?.incompatible) {
    return new DeployError("DEPLOY_BOOTC_LAYERED", "packages were layered onto this host with rpm-ostree");
  }
  if (!isBootedByBootc(host)) {
    return new DeployError("DEPLOY_BOOTC_NOT_BOOTED", "this host was not booted from a bootc image");
  }
  if (readOnly) return new DeployError("DEPLOY_BOOTC_READ_ONLY", "this system runs from a read-only medium");
  if (!(await isActive(exec, TIMER))) return undefined;
  // It runs `bootc upgrade --apply`: it reads our layout, lets go what we have locked, and reboots.
  return new DeployError("DEPLOY_BOOTC_TIMER_ACTIVE", `${TIMER} is active`);
}

/** @throws DeployError as {@link findObstacle} names it */
export async function requireUsable(exec: Exec, host: Host): Promise<void> {
  const obstacle = await findObstacle(exec, host);
  if (obstacle !== undefined) throw obstacle;
}

async function isActive(exec: Exec, unit: string): Promise<boolean> {
  const { exitCode } = await exec(["systemctl", "is-active", "--quiet", unit], {
    timeoutMs: SYSTEMCTL_TIMEOUT_MS,
    acceptsAll: true, // inactive, failed and unknown units have a status each
  });
  return exitCode === 0;
}
