/** Looks at a device's disk from outside, while it is off or on: partitions, files of the ESP, files of the root. */
import { closeSync, openSync, readSync, writeSync } from "node:fs";
import { tool } from "./tool.ts";

export interface Partition {
  readonly type: string;
  readonly offsetBytes: number;
  readonly sizeBytes: number;
}

const SECTOR_BYTES = 512;
const TYPE_ESP = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B";
const TYPE_BOOT = "BC13C2FF-59E6-4262-A352-B275FD6F7172"; // XBOOTLDR: the ext4 one of machines with GRUB

function partitionsOf(disk: string): readonly Partition[] {
  const { partitiontable } = JSON.parse(tool("sfdisk", "--json", disk));
  return partitiontable.partitions.map((entry: { type: string; start: number; size: number }) => ({
    type: entry.type,
    offsetBytes: entry.start * SECTOR_BYTES,
    sizeBytes: entry.size * SECTOR_BYTES,
  }));
}

/** The names in a directory of the ESP, as the firmware sees them: `loader/entries`. */
export function listEsp(disk: string, directory: string): readonly string[] {
  const listing = tool("mdir", "-b", "-i", espOf(disk), `::/${directory}`);
  return listing
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.replace(/\/$/, "").replace(/^.*\//, ""))
    .sort();
}

/** The content of a file of the ESP; empty when it is just going away. */
export function readEsp(disk: string, path: string): string {
  try {
    return tool("mtype", "-i", espOf(disk), `::/${path}`);
  } catch {
    return "";
  }
}

function espOf(disk: string): string {
  const esp = partitionsOf(disk).find(({ type }) => type === TYPE_ESP);
  if (esp === undefined) throw new Error(`${disk} has no ESP`);
  return `${disk}@@${esp.offsetBytes}`;
}

/** A file of a boot partition with ext4. Like GRUB, debugfs does not replay the journal: what it reads, GRUB reads. */
export function readBootFile(disk: string, path: string): string {
  const boot = partitionsOf(disk).find(({ type }) => type === TYPE_BOOT);
  if (boot === undefined) throw new Error(`${disk} has no boot partition with ext4`);
  return tool("debugfs", "-R", `cat ${path}`, `${disk}?offset=${boot.offsetBytes}`);
}

/** The root is the last partition, by the layout of `os install to-disk`. */
function rootOf(disk: string): Partition {
  const root = partitionsOf(disk).at(-1);
  if (root === undefined) throw new Error(`${disk} has no partitions`);
  return root;
}

/** Runs a read-only command of debugfs on the root file system. */
function inspectRoot(disk: string, command: string): string {
  return tool("debugfs", "-R", command, `${disk}?offset=${rootOf(disk).offsetBytes}`);
}

/** Flips one bit in the middle of a file of the root file system, below the file system, as a worn flash chip would. */
export function flipBitOfRootFile(disk: string, path: string): void {
  const root = rootOf(disk);
  const blocks = inspectRoot(disk, `blocks ${path}`).trim().split(/\s+/).map(Number);
  const block = blocks[Math.floor(blocks.length / 2)];
  if (block === undefined || Number.isNaN(block)) throw new Error(`${path} has no blocks on ${disk}`);
  const blockBytes = Number(/Block size:\s+(\d+)/.exec(inspectRoot(disk, "stats -h"))?.[1]);
  flipBit(disk, root.offsetBytes + block * blockBytes + 100);
}

/** Flips the lowest bit of one byte of a file. */
export function flipBit(file: string, offsetBytes: number): void {
  const fd = openSync(file, "r+");
  try {
    const byte = Buffer.alloc(1);
    readSync(fd, byte, 0, 1, offsetBytes);
    byte[0] = (byte[0] ?? 0) ^ 1;
    writeSync(fd, byte, 0, 1, offsetBytes);
  } finally {
    closeSync(fd);
  }
}
