/** Gathers the facts of a machine for the doctor. Looks only: nothing is written, made, mounted or started. */
import { accessSync, constants } from "node:fs";
import { release, userInfo } from "node:os";
import { basename, dirname } from "node:path";
import zlib from "node:zlib";
import { compareBytes, type DeviceFiles } from "../../config/device-files.ts";
import { CodedError, errnoOf } from "../../error.ts";
import type { HasTool } from "../../host/find-tool.ts";
import { type BlockDevice, walkDevice } from "../../media/block-device.ts";
import { listBlockDevices } from "../../media/list-block-devices.ts";
import { evaluateSystemDisk, mayBeUnplugged } from "../../media/system-disk.ts";
import { type AbsPath, below, parseAbsPath } from "../../path.ts";
import { describeDisk } from "../device-facts.ts";
import {
  type AccessFacts,
  type BootferryFacts,
  type Distribution,
  KERNEL_FEATURES,
  type KernelFacts,
  type KernelFeature,
  type MediumFacts,
  type UserFacts,
} from "./facts.ts";

/** What of a machine cannot be read from its files. */
export interface MachinePorts {
  readonly files: DeviceFiles;
  readonly hasTool: HasTool;
  readonly kernelRelease: string;
  readonly user: { readonly id: number; readonly name: string; readonly groupIds: readonly number[] };
  canWrite(path: AbsPath): AccessFacts["access"];
  listBlockDevices(): Promise<readonly BlockDevice[]>;
}

/** The machine that we run on. */
export function hostMachine(
  ports: Pick<MachinePorts, "files" | "hasTool"> & { readonly blockDevices: Parameters<typeof listBlockDevices>[0] },
): MachinePorts {
  return {
    files: ports.files,
    hasTool: ports.hasTool,
    kernelRelease: release(),
    user: { id: process.getuid?.() ?? 0, name: nameOfUser(), groupIds: process.getgroups?.() ?? [] },
    canWrite,
    listBlockDevices: () => listBlockDevices(ports.blockDevices),
  };
}

/** A process may have an id that no user of the machine has, as in a container. */
function nameOfUser(): string {
  try {
    return userInfo().username;
  } catch (error) {
    if (errnoOf(error) === undefined && !(error instanceof Error)) throw error;
    return `user ${process.getuid?.()}`;
  }
}

/** Of a path that is not there: of the directory that it would be made in. */
function canWrite(path: AbsPath): AccessFacts["access"] {
  try {
    accessSync(path, constants.W_OK);
    return "yes";
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === undefined) throw error;
    if (errno !== "ENOENT") return "no";
    const parent = parseAbsPath(dirname(path));
    return parent === path || path.startsWith("/dev/") ? "absent" : canWrite(parent);
  }
}

export function probeBootferry(version: string): BootferryFacts {
  return {
    version,
    nodeVersion: process.versions.node,
    executable: process.execPath,
    hasZstd: typeof zlib.createZstdDecompress === "function" && typeof zlib.createGunzip === "function",
  };
}

export async function probeUser({ files, user }: MachinePorts): Promise<UserFacts> {
  const lines = await readLines(files, "/etc/group");
  const names = new Map(lines.map((line) => line.split(":")).map(([name, , id]) => [Number(id), name ?? ""]));
  const groups = user.groupIds.map((id) => names.get(id) ?? String(id)).toSorted(compareBytes);
  return { isRoot: user.id === 0, name: user.name, groups };
}

export async function probeDistribution({ files }: MachinePorts): Promise<Distribution> {
  const words = (await readLines(files, "/etc/os-release"))
    .filter((line) => /^ID(_LIKE)?=/.test(line))
    .flatMap((line) =>
      line
        .replace(/^[^=]*=/, "")
        .replaceAll('"', "")
        .split(" "),
    );
  if (words.some((word) => word === "debian" || word === "ubuntu")) return "debian";
  return words.some((word) => ["fedora", "rhel", "centos"].includes(word)) ? "fedora" : "other";
}

export async function probeKernel({ files, kernelRelease }: MachinePorts): Promise<KernelFacts> {
  const registered = (await readLines(files, "/proc/filesystems")).map((line) => line.replace(/^\S*\s+/, ""));
  const loaded = [...registered, ...(await files.listDirectory(parseAbsPath("/sys/module")))];
  const modules = parseAbsPath(`/lib/modules/${kernelRelease}`);
  const builtIn = await moduleNames(files, below(modules, "modules.builtin"));
  const loadable = await moduleNames(files, below(modules, "modules.dep"));
  const stateOf = (feature: KernelFeature) => {
    if (builtIn.includes(feature)) return "built in";
    if (loaded.includes(feature)) return "loaded";
    if (loadable.includes(feature)) return "module";
    return builtIn.length + loadable.length === 0 ? "unknown" : "absent";
  };
  const features = Object.fromEntries(KERNEL_FEATURES.map((feature) => [feature, stateOf(feature)]));
  const ext4 = await files.listDirectory(parseAbsPath("/sys/fs/ext4/features"));
  return {
    release: kernelRelease,
    features: features as KernelFacts["features"],
    sealsExt4: ext4.length === 0 ? undefined : ext4.includes("verity"),
  };
}

/** Of lines such as `kernel/drivers/md/dm-crypt.ko.xz: …`; module names are spelt with `_`. */
async function moduleNames(files: DeviceFiles, path: AbsPath): Promise<readonly string[]> {
  const lines = await readLines(files, path);
  return lines.map((line) =>
    basename(line.replace(/:.*$/, ""))
      .replace(/\.ko.*$/, "")
      .replaceAll("-", "_"),
  );
}

/** Disks that can be unplugged and are no part of the running system; none where they cannot be listed. */
export async function probeMedia(machine: MachinePorts): Promise<readonly MediumFacts[]> {
  const all = await listOrNone(machine);
  return all
    .filter((disk) => mayBeUnplugged(disk) && disk.sizeBytes > 0 && !evaluateSystemDisk(disk, all).isSystemDisk)
    .flatMap((disk) => {
      const volumes = [...walkDevice(disk)].filter(({ filesystem }) => filesystem !== undefined);
      return (volumes.length > 0 ? volumes : [disk]).map(({ path, filesystem, label }) => ({
        path,
        filesystem: filesystem ?? null,
        label: label ?? null,
        disk: describeDisk(disk),
      }));
    });
}

async function listOrNone({ listBlockDevices }: MachinePorts): Promise<readonly BlockDevice[]> {
  try {
    return await listBlockDevices();
  } catch (error) {
    if (error instanceof CodedError) return []; // without lsblk and df; the tools say so
    throw error;
  }
}

async function readLines(files: DeviceFiles, path: string): Promise<readonly string[]> {
  try {
    const text = (await files.readFile(parseAbsPath(path)))?.toString("utf8") ?? "";
    return text.split("\n").filter((line) => line !== "");
  } catch (error) {
    if (error instanceof CodedError) return []; // not for this user, or too large: then it is not known
    throw error;
  }
}
