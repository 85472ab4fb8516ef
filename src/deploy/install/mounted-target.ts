/**
 * A target that somebody else has partitioned and mounted: what is mounted there says how the device will find it.
 *
 *     DIRECTORY          root file system     → root=UUID=…
 *     DIRECTORY/boot     boot partition, or another directory by --boot
 */
import { z } from "zod";
import { targetDevicePaths } from "../../config/device-paths.ts";
import type { Exec } from "../../host/exec.ts";
import { type AbsPath, below, parseAbsPath } from "../../path.ts";
import { DeployError } from "../error.ts";
import { type BootFilesystem, devicePathOf, type InstallTarget } from "./install-target.ts";

export interface MountedTargetWishes {
  readonly root: AbsPath;
  /** By default `<root>/boot`. */
  readonly boot: AbsPath | undefined;
  /** `UUID=…`, `LABEL=…`, `/dev/…`; by default the UUID of what is mounted. */
  readonly rootMountSpec: string | undefined;
  readonly bootMountSpec: string | undefined;
  /** A directory of ours. */
  readonly scratch: AbsPath;
}

const findmntSchema = z.object({
  filesystems: z.tuple([z.object({ source: z.string(), fstype: z.string() })]),
});

const LOOK_TIMEOUT_MS = 30_000;
const NOT_FOUND = 1; // findmnt(8); blkid(8) says 2
const BLKID_NOT_FOUND = 2;

/** True when both are mount points of their own: a real device, and not a directory that plays one. */
export async function isMountedTarget(exec: Exec, root: AbsPath): Promise<boolean> {
  const mounts = [await findMount(exec, root), await findMount(exec, below(root, "boot"))];
  return mounts.every((mount) => mount?.source.startsWith("/dev/"));
}

/**
 * @param diskOf the whole disk that a device is on
 * @throws DeployError DEPLOY_TARGET_NOT_MOUNTED, DEPLOY_MOUNT_SPEC_INVALID; HostError
 */
export async function findMountedTarget(
  exec: Exec,
  wishes: MountedTargetWishes,
  diskOf: (device: AbsPath) => AbsPath | undefined,
): Promise<InstallTarget> {
  const { root, scratch, boot = below(root, "boot") } = wishes;
  const rootMount = await requireMount(exec, root, "the root file system");
  const bootMount = await requireMount(exec, boot, "the boot partition");
  const rootMountSpec = wishes.rootMountSpec ?? (await uuidSpec(exec, rootMount.source, "--root-mount-spec"));
  requireMountSpec(rootMountSpec);
  const bootMountSpec = wishes.bootMountSpec ?? (await uuidSpec(exec, bootMount.source, "--boot-mount-spec"));
  return {
    paths: targetDevicePaths(root, boot, scratch),
    rootMountSpec,
    boot: {
      type: bootType(boot, bootMount.fstype),
      what: requireMountSpec(bootMountSpec),
      device: bootMount.source,
    },
    disk: bootMount.source.startsWith("/dev/") ? diskOf(parseAbsPath(bootMount.source)) : undefined,
  };
}

async function findMount(exec: Exec, directory: AbsPath) {
  const argv = ["findmnt", "--json", "--output", "SOURCE,FSTYPE", "--mountpoint", directory] as const;
  const { exitCode, stdout } = await exec(argv, { timeoutMs: LOOK_TIMEOUT_MS, accept: [NOT_FOUND] });
  return exitCode === 0 ? findmntSchema.parse(JSON.parse(stdout.toString("utf8"))).filesystems[0] : undefined;
}

async function requireMount(exec: Exec, directory: AbsPath, what: string) {
  const mount = await findMount(exec, directory);
  if (mount !== undefined) return mount;
  throw new DeployError("DEPLOY_TARGET_NOT_MOUNTED", `${directory} is no mount point: expected ${what} there`);
}

async function uuidSpec(exec: Exec, device: string, option: string): Promise<string> {
  const argv = ["blkid", "--match-tag", "UUID", "--output", "value", device] as const;
  const { stdout } = await exec(argv, { timeoutMs: LOOK_TIMEOUT_MS, accept: [BLKID_NOT_FOUND] });
  const uuid = stdout.toString("utf8").trim();
  if (uuid !== "") return `UUID=${uuid}`;
  throw new DeployError("DEPLOY_MOUNT_SPEC_INVALID", `${device} has no UUID: expected ${option}`);
}

function requireMountSpec(spec: string): string {
  const device = devicePathOf(spec);
  if (device !== undefined) return device;
  const expected = "expected UUID=, LABEL=, PARTUUID=, PARTLABEL= or /dev/…";
  throw new DeployError("DEPLOY_MOUNT_SPEC_INVALID", `${JSON.stringify(spec)} names no file system: ${expected}`);
}

function bootType(boot: AbsPath, type: string): BootFilesystem["type"] {
  if (type === "vfat" || type === "ext4") return type;
  throw new DeployError("DEPLOY_TARGET_NOT_MOUNTED", `${boot} is ${type}: expected vfat or ext4, which loaders read`);
}
