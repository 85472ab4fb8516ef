/**
 * From a new partition table to devices that can be formatted and mounted.
 *
 * The kernel makes the nodes once it has read the table, a moment after sfdisk has asked it to. A kernel that keeps the old
 * table gives us none: then each partition is reached through a loop device over its part of the disk, which needs nothing
 * but the table. So is each partition of a disk image from the start: what the kernel shows of those depends on how it was
 * built, and GRUB cannot tell where on its disk such a partition lies.
 */
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { z } from "zod";
import { errnoOf } from "../../error.ts";
import { HostError, hostError } from "../../host/error.ts";
import type { Exec } from "../../host/exec.ts";
import { type AbsPath, below, parseAbsPath } from "../../path.ts";
import { attachLoop } from "./loop-device.ts";

export interface TablePartition {
  /** The node that the kernel makes: `/dev/sda1`. */
  readonly node: AbsPath;
  readonly startBytes: number;
  readonly sizeBytes: number;
}

export interface PartitionPorts {
  readonly exec: Exec;
  /** Waits for the kernel. */
  readonly wait: (ms: number) => Promise<void>;
  /** Where the kernel says that a partition lies; undefined while it does not know it. */
  readonly readKnownPartition: (node: AbsPath) => Pick<TablePartition, "startBytes" | "sizeBytes"> | undefined;
  readonly signal?: AbortSignal | undefined;
}

const sfdiskSchema = z.object({
  partitiontable: z.object({
    sectorsize: z.int().default(512),
    partitions: z.array(z.object({ node: z.string(), start: z.int(), size: z.int() })),
  }),
});

const LOOP_DEVICE = /^\/dev\/loop\d+$/;
const LOOK_TIMEOUT_MS = 30_000;
const SETTLE_TIMEOUT_MS = 40_000;
const POLL_MS = 100;
const POLLS = 30; // 3 s: the kernel is done in milliseconds or never

/** The partitions of a disk in the order of its table. @throws HostError */
export async function readPartitionTable(exec: Exec, disk: AbsPath): Promise<readonly TablePartition[]> {
  const { stdout } = await exec(["sfdisk", "--json", disk], { timeoutMs: LOOK_TIMEOUT_MS });
  const { sectorsize, partitions } = sfdiskSchema.parse(JSON.parse(stdout.toString("utf8"))).partitiontable;
  return partitions.map(({ node, start, size }) => ({
    node: parseAbsPath(node),
    startBytes: start * sectorsize,
    sizeBytes: size * sectorsize,
  }));
}

/** Devices of the partitions, in order; disposing frees those that were made for it. @throws HostError */
export async function openPartitions(
  ports: PartitionPorts,
  disk: AbsPath,
  table: readonly TablePartition[],
): Promise<AsyncDisposable & { readonly devices: readonly AbsPath[] }> {
  const hasNodes = !LOOP_DEVICE.test(disk) && (await areNodesThere(ports, disk, table));
  await using stack = new AsyncDisposableStack();
  const devices: AbsPath[] = [];
  for (const range of table) {
    devices.push(hasNodes ? range.node : stack.use(await attachLoop(ports.exec, disk, { range })).device);
  }
  const attached = stack.move();
  return { devices, [Symbol.asyncDispose]: () => attached.disposeAsync() };
}

async function areNodesThere(ports: PartitionPorts, disk: AbsPath, table: readonly TablePartition[]): Promise<boolean> {
  const isKnown = () =>
    table.every((partition) => {
      const known = ports.readKnownPartition(partition.node);
      return known?.startBytes === partition.startBytes && known.sizeBytes === partition.sizeBytes;
    });
  await tryTool(ports.exec, ["udevadm", "settle", "--timeout=30"]);
  if (await poll(ports, isKnown)) return true;
  await tryTool(ports.exec, ["partx", "--update", disk]);
  return poll(ports, isKnown);
}

/** What may be missing or fail: its only use is that the nodes come sooner. */
async function tryTool(exec: Exec, argv: readonly [string, ...string[]]): Promise<void> {
  try {
    await exec(argv, { timeoutMs: SETTLE_TIMEOUT_MS });
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
  }
}

async function poll({ wait, signal }: PartitionPorts, isDone: () => boolean): Promise<boolean> {
  for (let tries = 0; tries < POLLS; tries++) {
    signal?.throwIfAborted();
    if (isDone()) return true;
    await wait(POLL_MS);
  }
  return isDone();
}

const SYSFS_SECTOR_BYTES = 512; // whatever the disk has (block layer: SECTOR_SIZE)

/** A partition as sysfs of this machine shows it, with a node in /dev. @throws HostError */
export function readKernelPartition(node: AbsPath): Pick<TablePartition, "startBytes" | "sizeBytes"> | undefined {
  const directory = below(parseAbsPath("/sys/class/block"), basename(node));
  const read = (name: string) => Number(readFileSync(below(directory, name), "utf8")) * SYSFS_SECTOR_BYTES;
  try {
    return { startBytes: read("start"), sizeBytes: read("size") };
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw hostError(error, `reading ${directory}`);
  }
}
