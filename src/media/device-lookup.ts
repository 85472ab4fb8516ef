/**
 * A block device of this machine by its path, and whether it is still the one that was plugged in: a port, so that tests
 * can pull sticks that they do not have.
 *
 * The kernel makes `/sys/class/block/<name>` anew for each device that appears, and takes it away (or calls its size 0,
 * for a card reader or a loop device) when it goes: its inode number tells a stick from the next one of the same name. Cards
 * in a reader that stays are told apart by `diskseq`, which rises with each change of media (Linux 5.15).
 */
import { readFileSync, realpathSync, statSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { errnoOf } from "../error.ts";
import { type AbsPath, below, parseAbsPath } from "../path.ts";

export interface MediumDevice {
  /** Links resolved: `/dev/sdb1`. */
  readonly path: AbsPath;
  /** What the kernel calls it: `sdb1`. A `/` in it (`cciss/c0d0`) is a `!`, as in sysfs. */
  readonly kernelName: string;
  readonly sizeBytes: number;
  /** Differs between two insertions. */
  readonly identity: string;
}

export interface DeviceLookup {
  /** The block device at `path`, or undefined when there is none, or one without a medium in it. */
  find(path: AbsPath): MediumDevice | undefined;
  /** Whether the device was pulled out. Reads fail before the kernel takes a device away, so it may look twice. */
  isGone(device: MediumDevice): Promise<boolean>;
}

const SYSFS_BLOCK = parseAbsPath("/sys/class/block");
const SYSFS_SECTOR_BYTES = 512; // whatever the sectors of the device are
const LOOKS = 10;
const BETWEEN_LOOKS_MS = 200; // two seconds in all: a USB hub took half of one

/** The block devices of this machine. */
export const hostDevices: DeviceLookup = {
  find: findOnHost,
  async isGone(device) {
    for (let look = 1; look <= LOOKS; look++) {
      if (findOnHost(device.path)?.identity !== device.identity) return true;
      if (look < LOOKS) await setTimeout(BETWEEN_LOOKS_MS);
    }
    return false;
  },
};

/** Of a partition that of its disk, one directory up; empty where the kernel does not count. */
function diskSequence(directory: AbsPath): string {
  for (const file of [below(directory, "diskseq"), below(directory, "..", "diskseq")]) {
    try {
      return readFileSync(file, "utf8").trim();
    } catch (error) {
      if (errnoOf(error) !== "ENOENT") throw error;
    }
  }
  return "";
}

function findOnHost(path: AbsPath): MediumDevice | undefined {
  try {
    const real = parseAbsPath(realpathSync(path));
    if (!statSync(real).isBlockDevice()) return undefined;
    const kernelName = real.replace(/^\/dev\//, "").replaceAll("/", "!");
    const directory = parseAbsPath(realpathSync(below(SYSFS_BLOCK, kernelName)));
    const sizeBytes = Number(readFileSync(below(directory, "size"), "utf8")) * SYSFS_SECTOR_BYTES;
    if (sizeBytes === 0) return undefined;
    return {
      path: real,
      kernelName,
      sizeBytes,
      identity: `${statSync(directory).ino} ${sizeBytes} ${diskSequence(directory)}`,
    };
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return undefined; // ENOENT, ENODEV …: whatever is wrong with it, it is no device that can be read
  }
}
