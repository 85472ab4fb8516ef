/**
 * What is on a device, asked of the device itself (`blkid -p`, libblkid): for machines without udev, whose lsblk knows
 * neither labels nor file systems. Needs to read the device; one that this user may not read stays unknown.
 */
import { HostError } from "../host/error.ts";
import type { Exec } from "../host/exec.ts";
import type { BlockDevice } from "./block-device.ts";

const PROBE_TIMEOUT_MS = 30_000;
const NOTHING_FOUND = 2; // blkid(8); also when the device cannot be read
const AMBIVALENT = 8;

type Contents = Pick<BlockDevice, "filesystem" | "label" | "uuid" | "partitionTable">;

/** The devices with what blkid finds on those of which nothing is known. */
export async function fillFromDevices(
  devices: readonly BlockDevice[],
  exec: Exec,
  signal?: AbortSignal,
): Promise<readonly BlockDevice[]> {
  const filled: BlockDevice[] = [];
  for (const device of devices) {
    const contents = isUnknown(device) ? await probe(device, exec, signal) : {};
    filled.push({ ...device, ...contents, children: await fillFromDevices(device.children, exec, signal) });
  }
  return filled;
}

function isUnknown({ kind, sizeBytes, filesystem, partitionTable }: BlockDevice): boolean {
  return sizeBytes > 0 && kind !== "rom" && filesystem === undefined && partitionTable === undefined;
}

async function probe({ path }: BlockDevice, exec: Exec, signal: AbortSignal | undefined): Promise<Partial<Contents>> {
  try {
    const { stdout } = await exec(["blkid", "-p", "-o", "udev", path], {
      timeoutMs: PROBE_TIMEOUT_MS,
      accept: [NOTHING_FOUND, AMBIVALENT],
      ...(signal === undefined ? {} : { signal }),
    });
    return parseBlkid(stdout.toString("utf8"));
  } catch (error) {
    if (error instanceof HostError) return {}; // no blkid, or the device is on its way out
    throw error;
  }
}

/** `ID_FS_TYPE=vfat` …, one a line. `…_ENC` has the true value, with `\xNN` for what is unsafe in it. */
export function parseBlkid(text: string): Contents {
  const pairs = new Map([...text.matchAll(/^(\w+)=(.*)$/gm)].map(([, key, value]) => [key, value]));
  return {
    filesystem: pairs.get("ID_FS_TYPE"),
    label: decode(pairs.get("ID_FS_LABEL_ENC")),
    uuid: decode(pairs.get("ID_FS_UUID_ENC")),
    partitionTable: pairs.get("ID_PART_TABLE_TYPE"),
  };
}

function decode(encoded: string | undefined): string | undefined {
  if (encoded === undefined || encoded === "") return undefined;
  const bytes = Buffer.from(encoded, "utf8").toString("latin1");
  const decoded = bytes.replace(/\\x([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(decoded, "latin1").toString("utf8");
}
