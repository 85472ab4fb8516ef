/**
 * The disk that is to be overwritten: what it is, and why it must not be.
 *
 * lsblk(8) knows model, serial and what is mounted from it, through every layer on top (LVM, LUKS, RAID); wipefs(8) looks
 * for signatures on the disk itself and does not trust a cache.
 */
import { z } from "zod";
import type { Exec } from "../../host/exec.ts";
import { type AbsPath, parseAbsPath } from "../../path.ts";
import { DeployError } from "../error.ts";

export interface TargetDisk {
  readonly path: AbsPath;
  /** `disk`, `loop`, `part` … as lsblk says. */
  readonly type: string;
  readonly sizeBytes: number;
  readonly model: string | undefined;
  readonly serial: string | undefined;
  readonly isReadOnly: boolean;
  /** Where the disk or something on it is mounted; `[SWAP]` for swap. */
  readonly mountPoints: readonly string[];
  /** Devices made of it that are open: LUKS, LVM, RAID. */
  readonly holders: readonly string[];
  /** Kinds of what is on it: `gpt`, `ext4` … */
  readonly signatures: readonly string[];
}

interface LsblkDevice {
  readonly path: string;
  readonly type: string;
  readonly size: number;
  readonly model: string | null;
  readonly serial: string | null;
  readonly ro: boolean;
  readonly mountpoints: readonly (string | null)[];
  readonly children?: readonly LsblkDevice[] | undefined;
}

const lsblkDevice: z.ZodType<LsblkDevice> = z.lazy(() =>
  z.object({
    path: z.string(),
    type: z.string(),
    size: z.number(),
    model: z.string().nullable(),
    serial: z.string().nullable(),
    ro: z.boolean(),
    mountpoints: z.array(z.string().nullable()),
    children: z.array(lsblkDevice).optional(),
  }),
);
const lsblkSchema = z.object({ blockdevices: z.tuple([lsblkDevice]) });
const wipefsSchema = z.object({ signatures: z.array(z.object({ type: z.string() })) });

const COLUMNS = "PATH,TYPE,SIZE,MODEL,SERIAL,RO,MOUNTPOINTS";
const LOOK_TIMEOUT_MS = 30_000;

/** @throws HostError HOST_TOOL_FAILED when there is no such block device */
export async function readTargetDisk(exec: Exec, path: AbsPath): Promise<TargetDisk> {
  const lsblk = await exec(["lsblk", "--json", "--bytes", "--output", COLUMNS, path], { timeoutMs: LOOK_TIMEOUT_MS });
  const [device] = lsblkSchema.parse(JSON.parse(lsblk.stdout.toString("utf8"))).blockdevices;
  const wipefs = await exec(["wipefs", "--json", "--no-act", path], { timeoutMs: LOOK_TIMEOUT_MS });
  const text = wipefs.stdout.toString("utf8").trim(); // nothing at all when there is no signature
  const signatures = text === "" ? [] : wipefsSchema.parse(JSON.parse(text)).signatures;
  const all = descendants(device);
  return {
    path: parseAbsPath(device.path),
    type: device.type,
    sizeBytes: device.size,
    model: device.model?.trim() || undefined,
    serial: device.serial?.trim() || undefined,
    isReadOnly: device.ro,
    mountPoints: all.flatMap(({ mountpoints }) => mountpoints.filter((point) => point !== null)),
    holders: all.flatMap(({ type, path: holder }) =>
      type === "disk" || type === "part" || type === "loop" ? [] : [holder],
    ),
    signatures: [...new Set(signatures.map(({ type }) => type))],
  };
}

function descendants(device: LsblkDevice): readonly LsblkDevice[] {
  return [device, ...(device.children ?? []).flatMap(descendants)];
}

/**
 * Refuses what must not be overwritten; called before anything is written.
 * @throws DeployError DEPLOY_DISK_UNSUITABLE, DEPLOY_DISK_IN_USE, DEPLOY_DISK_NOT_EMPTY
 */
export function requireInstallable(disk: TargetDisk, options: { readonly isWipeAllowed: boolean }): void {
  const { path, type, mountPoints, holders, signatures } = disk;
  if (type !== "disk" && type !== "loop") {
    throw new DeployError("DEPLOY_DISK_UNSUITABLE", `${path} is no whole disk, but of the type ${type}`);
  }
  if (disk.isReadOnly) throw new DeployError("DEPLOY_DISK_UNSUITABLE", `${path} is read-only`);
  if (mountPoints.length > 0) {
    const what = mountPoints.includes("/") ? "is the disk of the running system" : "is in use";
    throw new DeployError("DEPLOY_DISK_IN_USE", `${path} ${what}: mounted at ${mountPoints.join(", ")}`);
  }
  if (holders.length > 0) throw new DeployError("DEPLOY_DISK_IN_USE", `${path} is in use by ${holders.join(", ")}`);
  if (signatures.length > 0 && !options.isWipeAllowed) {
    throw new DeployError("DEPLOY_DISK_NOT_EMPTY", `${path} is not empty: it has ${signatures.join(", ")}`);
  }
}
