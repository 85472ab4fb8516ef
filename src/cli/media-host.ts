/** What the verbs on media need of a machine besides child processes: chosen here once, replaced in tests. */
import { accessSync, constants, realpathSync } from "node:fs";
import { errnoOf } from "../error.ts";
import { hostError } from "../host/error.ts";
import { type HasTool, hasToolOnPath } from "../host/find-tool.ts";
import { followLinesOnHost } from "../host/line-process.ts";
import { type ListMountedVolumes, listMountedVolumes } from "../host/mounted-volumes.ts";
import { type Sleep, sleepOnHost } from "../host/sleep.ts";
import type { BlockDevice } from "../media/block-device.ts";
import { deleteDiskOnHost } from "../media/eject-disk.ts";
import { isBlockDevice } from "../media/format-medium.ts";
import type { HintSource } from "../media/hint-source.ts";
import { labelHints } from "../media/label-hints.ts";
import { isUdevRunning, udevHints } from "../media/udev-hints.ts";
import { loadUsbDetection, usbHints } from "../media/usb-hints.ts";
import { type AbsPath, parseAbsPath } from "../path.ts";

export interface MediaHost {
  readonly listMountedVolumes: ListMountedVolumes;
  readonly isUdevRunning: () => boolean;
  readonly hasTool: HasTool;
  readonly sleep: Sleep;
  /** Whether there is a block device. */
  readonly exists: (device: AbsPath) => boolean;
  /** Follows links such as those in /dev/disk/by-id; a path to nothing stays as it is. */
  readonly resolveLinks: (device: AbsPath) => AbsPath;
  /** @throws HostError HOST_PERMISSION when this user may not write to it */
  readonly verifyWritable: (device: AbsPath) => void;
  readonly isRoot: boolean;
  /** Takes a disk away from the kernel; false when it cannot be. */
  readonly deleteDisk: (disk: BlockDevice) => boolean;
  /** Where media are mounted to be written to. */
  readonly mountDirectory: AbsPath;
  /** Where hints of new devices may come from, best first. */
  readonly hintSources: readonly HintSource[];
}

export function mediaHost(env: Readonly<Record<string, string | undefined>>): MediaHost {
  return {
    listMountedVolumes,
    isUdevRunning,
    hasTool: hasToolOnPath(env["PATH"]),
    sleep: sleepOnHost,
    exists: isBlockDevice,
    resolveLinks,
    verifyWritable(device) {
      try {
        accessSync(device, constants.R_OK | constants.W_OK);
      } catch (error) {
        throw hostError(error, `writing to ${device} (try it with sudo)`);
      }
    },
    isRoot: process.getuid?.() === 0,
    deleteDisk: deleteDiskOnHost,
    mountDirectory: parseAbsPath("/run/bootferry/write"),
    hintSources: [
      usbHints({ load: loadUsbDetection, isUdevRunning }),
      udevHints({ followLines: followLinesOnHost, isUdevRunning }),
      labelHints(parseAbsPath("/dev/disk")),
    ],
  };
}

function resolveLinks(device: AbsPath): AbsPath {
  try {
    return parseAbsPath(realpathSync(device));
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return device; // it may come yet, or the search for it says that there is none
  }
}
