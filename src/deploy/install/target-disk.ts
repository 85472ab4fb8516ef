/**
 * The disk that is to be overwritten, and why it must not be. Unlike a medium it may well be built in and hold an older
 * system: that it is the right one is asked; that nobody uses it is looked at.
 */
import { z } from "zod";
import type { Exec } from "../../host/exec.ts";
import { type BlockDevice, findDevice, walkDevice } from "../../media/block-device.ts";
import { type BlockDevicePorts, listBlockDevices } from "../../media/list-block-devices.ts";
import { describeHolders } from "../../media/system-disk.ts";
import type { AbsPath } from "../../path.ts";
import { DeployError } from "../error.ts";

const WIPEFS_TIMEOUT_MS = 30_000;
const wipefsSchema = z.object({ signatures: z.array(z.object({ type: z.string() })) });

/**
 * Looks the disk up and refuses what must not be overwritten. Writes nothing.
 * @param path of the device itself, not of a link to it
 * @throws DeployError DEPLOY_DISK_UNSUITABLE, DEPLOY_DISK_IN_USE, DEPLOY_DISK_NOT_EMPTY; MediaError; HostError
 */
export async function findTargetDisk(
  ports: BlockDevicePorts,
  path: AbsPath,
  options: { readonly isWipeAllowed: boolean },
): Promise<BlockDevice> {
  const all = await listBlockDevices(ports);
  const found = findDevice(all, path);
  if (found === undefined)
    throw new DeployError(
      "DEPLOY_DISK_UNSUITABLE",
      `${path} is no block device of this machine (a file needs --via-loopback)`,
    );
  requireInstallable(found, all);
  const signatures = await readSignatures(ports.exec, found.device.path);
  if (signatures.length > 0 && !options.isWipeAllowed) {
    throw new DeployError("DEPLOY_DISK_NOT_EMPTY", `${path} is not empty: it has ${signatures.join(", ")}`);
  }
  return found.device;
}

/** Pure. @throws DeployError DEPLOY_DISK_UNSUITABLE, DEPLOY_DISK_IN_USE */
export function requireInstallable(
  { disk, device }: { readonly disk: BlockDevice; readonly device: BlockDevice },
  all: readonly BlockDevice[],
): void {
  const { path, kind } = device;
  if (device !== disk || (kind !== "disk" && kind !== "loop")) {
    throw new DeployError("DEPLOY_DISK_UNSUITABLE", `${path} is no whole disk, but of the type ${kind}`);
  }
  if (device.isReadOnly) throw new DeployError("DEPLOY_DISK_UNSUITABLE", `${path} is read-only`);
  const places = [...walkDevice(device)].flatMap(({ mountPoints }) => mountPoints);
  if (places.length > 0) {
    const what =
      places.includes("/") || places.includes("/sysroot") ? "is the disk of the running system" : "is in use";
    throw new DeployError("DEPLOY_DISK_IN_USE", `${path} ${what}: mounted at ${places.join(", ")}`);
  }
  const holders = describeHolders(device, all);
  if (holders.length > 0) throw new DeployError("DEPLOY_DISK_IN_USE", `${path}: ${holders.join("; ")}`);
}

/** What wipefs(8) finds on the disk itself, past every cache: `gpt`, `ext4` … */
async function readSignatures(exec: Exec, disk: AbsPath): Promise<readonly string[]> {
  const { stdout } = await exec(["wipefs", "--json", "--no-act", disk], { timeoutMs: WIPEFS_TIMEOUT_MS });
  const text = stdout.toString("utf8").trim(); // nothing at all when there is no signature
  if (text === "") return [];
  return [...new Set(wipefsSchema.parse(JSON.parse(text)).signatures.map(({ type }) => type))];
}
