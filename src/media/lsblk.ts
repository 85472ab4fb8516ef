/**
 * Reads lsblk's JSON (util-linux; lsblk(8)). Its types have changed over the years: before 2.33 numbers and booleans are
 * strings, MOUNTPOINTS exists since 2.37 and PARTTYPE is there in all of them. lsblk takes labels and file systems from
 * udev's database, and as root from the device itself when there is none.
 */
import { z } from "zod";
import { describeIssue } from "../oci/schema-issue.ts";
import { parseAbsPath } from "../path.ts";
import type { BlockDevice } from "./block-device.ts";
import { MediaError } from "./error.ts";

const COMMON_COLUMNS = [
  ..."NAME,KNAME,PATH,TYPE,SIZE,RO,RM,HOTPLUG,TRAN,SUBSYSTEMS,VENDOR,MODEL,SERIAL".split(","),
  ..."FSTYPE,LABEL,UUID,PTTYPE,PARTTYPE".split(","),
];

/** The columns to ask for, and those to ask for when an older lsblk does not know one of the first. */
export const LSBLK_COLUMNS: readonly [current: string, older: string] = [
  [...COMMON_COLUMNS, "MOUNTPOINTS"].join(","),
  [...COMMON_COLUMNS, "MOUNTPOINT"].join(","),
];

const text = z
  .string()
  .nullish()
  .transform((value) => value?.trim() || undefined);
const flag = z.union([z.boolean(), z.literal(["0", "1"])]).transform((value) => value === true || value === "1");
const count = z
  .union([z.number(), z.string().regex(/^\d+$/)])
  .nullish()
  .transform((value) => Number(value ?? 0));

const deviceSchema = z.object({
  kname: z.string().min(1),
  path: z.string().regex(/^\/[^\0]*$/),
  type: z.string(),
  size: count,
  ro: flag,
  rm: flag,
  hotplug: flag,
  tran: text,
  subsystems: text,
  vendor: text,
  model: text,
  serial: text,
  fstype: text,
  label: z.string().nullish(), // not trimmed: a label may end in a space, and then it is not ours
  uuid: text,
  pttype: text,
  parttype: text,
  mountpoint: text,
  mountpoints: z.array(z.string().nullable()).optional(),
  get children() {
    return z.array(deviceSchema).optional();
  },
});
const listSchema = z.object({ blockdevices: z.array(deviceSchema) });

/** The trees of block devices in what `lsblk --json --bytes` printed. @throws MediaError MEDIA_DEVICE_LIST_INVALID */
export function parseLsblk(json: string): readonly BlockDevice[] {
  let document: unknown;
  try {
    document = JSON.parse(json);
  } catch (error) {
    throw new MediaError("MEDIA_DEVICE_LIST_INVALID", "lsblk printed something that is not JSON", { cause: error });
  }
  const parsed = listSchema.safeParse(document);
  if (parsed.success) return parsed.data.blockdevices.map(toBlockDevice);
  throw new MediaError(
    "MEDIA_DEVICE_LIST_INVALID",
    `lsblk printed a list that is not as expected: ${describeIssue(parsed.error)}`,
  );
}

function toBlockDevice(facts: z.infer<typeof deviceSchema>): BlockDevice {
  const mountPoints = facts.mountpoints ?? [facts.mountpoint ?? null];
  return {
    path: parseAbsPath(facts.path),
    kernelName: facts.kname,
    kind: facts.type,
    sizeBytes: facts.size,
    isReadOnly: facts.ro,
    isRemovable: facts.rm,
    isHotplug: facts.hotplug,
    bus: facts.tran ?? busOfSubsystems(facts.subsystems) ?? (facts.type === "loop" ? "loop" : undefined),
    vendor: facts.vendor,
    model: facts.model,
    serial: facts.serial,
    filesystem: facts.fstype,
    label: facts.label || undefined,
    uuid: facts.uuid,
    partitionTable: facts.pttype,
    partitionType: facts.parttype?.toLowerCase(),
    mountPoints: mountPoints.filter((path): path is string => path !== null && path !== ""),
    children: (facts.children ?? []).map(toBlockDevice),
  };
}

/** TRAN is empty for SD cards (before util-linux 2.39) and virtio disks; SUBSYSTEMS (`block:mmc:mmc_host:…`) has them. */
function busOfSubsystems(subsystems: string | undefined): string | undefined {
  return subsystems?.split(":").find((name) => ["mmc", "virtio", "usb", "nvme"].includes(name));
}
