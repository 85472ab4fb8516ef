/**
 * A writable /usr until the next reboot, for trying something out on a device: bootc's `usr-overlay`.
 *
 *     /run/bootferry/usr-overlay/upper     what was changed; gone with the reboot
 *     /run/bootferry/usr-overlay/work
 *
 * What boots next is not touched: the image, its digest and its seals stay as they are.
 */
import { chmodSync, mkdirSync, readFileSync } from "node:fs";
import type { DevicePaths } from "../../config/device-paths.ts";
import { HostError, hostError } from "../../host/error.ts";
import type { Exec } from "../../host/exec.ts";
import { type AbsPath, below, parseAbsPath } from "../../path.ts";
import { DeployError } from "../error.ts";

export interface UsrOverlay {
  readonly accessMode: "readOnly" | "readWrite";
  readonly persistence: "transient";
}

const USR = parseAbsPath("/usr");
const MOUNT_INFO = parseAbsPath("/proc/self/mountinfo");
const MOUNT_TIMEOUT_MS = 30_000;

/** What lies over /usr now; null without an overlay of ours. @param mountInfo proc(5), /proc/PID/mountinfo */
export function parseUsrOverlay(mountInfo: string, { runtimeDirectory }: DevicePaths): UsrOverlay | null {
  const upper = `upperdir=${below(overlayDirectory(runtimeDirectory), "upper")}`;
  const ours = mountInfo.split("\n").filter((line) => {
    const [, , , , at, , ...rest] = line.split(" ");
    return at === USR && rest.some((word) => word.split(",").includes(upper));
  });
  const last = ours.at(-1)?.split(" ");
  if (last === undefined) return null;
  const isReadOnly = last[5]?.split(",").includes("ro") === true;
  return { accessMode: isReadOnly ? "readOnly" : "readWrite", persistence: "transient" };
}

/** The overlay of the machine that we run on. @throws HostError */
export function readUsrOverlay(paths: DevicePaths, mountInfo: AbsPath = MOUNT_INFO): UsrOverlay | null {
  try {
    return parseUsrOverlay(readFileSync(mountInfo, "utf8"), paths);
  } catch (error) {
    throw hostError(error, `reading ${mountInfo}`);
  }
}

/**
 * Lays the overlay over /usr.
 * @param options.isReadOnly others may remount it writable for themselves (mount_namespaces(7))
 * @throws DeployError DEPLOY_OVERLAY_UNAVAILABLE; HostError
 */
export async function mountUsrOverlay(
  exec: Exec,
  { runtimeDirectory }: DevicePaths,
  options: { readonly isReadOnly: boolean },
): Promise<void> {
  const directory = overlayDirectory(runtimeDirectory);
  const [upper, work] = [below(directory, "upper"), below(directory, "work")];
  try {
    for (const path of [upper, work]) mkdirSync(path, { recursive: true });
    chmodSync(upper, 0o755); // whatever our umask: its mode becomes that of /usr
  } catch (error) {
    throw hostError(error, `making ${directory}`);
  }
  const parts = [options.isReadOnly ? "ro" : "rw", `lowerdir=${USR}`, `upperdir=${upper}`, `workdir=${work}`];
  const argv = ["mount", "-t", "overlay", "-o", parts.join(","), "bootferry-usr-overlay", USR] as const;
  try {
    await exec(argv, { timeoutMs: MOUNT_TIMEOUT_MS });
  } catch (error) {
    if (!(error instanceof HostError) || error.code !== "HOST_TOOL_FAILED") throw error;
    throw new DeployError("DEPLOY_OVERLAY_UNAVAILABLE", `no overlay over /usr: ${error.message}`, { cause: error });
  }
}

function overlayDirectory(runtimeDirectory: AbsPath): AbsPath {
  return below(runtimeDirectory, "usr-overlay");
}
