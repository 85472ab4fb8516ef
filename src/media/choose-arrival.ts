/**
 * Which of the disks that come while we wait is the one that is meant. Pure.
 *
 * Only what comes, or gets its label, after the wait began: a person who waits means the stick in their hand, and a medium
 * that has been plugged in for hours may be somebody else's. It is named instead, so that nobody waits for nothing.
 */
import { type BlockDevice, findDevice } from "./block-device.ts";
import { listVolumes } from "./find-volume.ts";
import { evaluateSystemDisk, mayBeUnplugged } from "./system-disk.ts";
import type { DeviceEvent } from "./watch-devices.ts";

export interface WaitedFor {
  readonly label: string;
  /** It will be erased: see above. */
  readonly isFormatted: boolean;
  /** Only this device, links resolved. */
  readonly path: string | undefined;
}

export type Arrival =
  | { readonly kind: "chosen"; readonly disk: BlockDevice }
  /** It is worth a line, and the wait goes on. */
  | { readonly kind: "passed-over"; readonly disk: BlockDevice; readonly why: string }
  | { readonly kind: "ignored" };

const IGNORED: Arrival = { kind: "ignored" };

/** @param all the devices as they are after the event */
export function chooseArrival(event: DeviceEvent, all: readonly BlockDevice[], wanted: WaitedFor): Arrival {
  if (event.kind === "vanished") return IGNORED;
  const found = findDevice(all, event.device.path);
  if (found === undefined || found.disk.sizeBytes === 0) return IGNORED;
  const { disk, device } = found;
  if (wanted.path !== undefined && wanted.path !== device.path) return IGNORED;
  const isNamed = wanted.path !== undefined;
  const isMedium = listVolumes(disk, wanted.label).length > 0;
  if (event.kind === "present" && !isNamed) {
    return isMedium && device === disk ? pass(disk, "it was plugged in before; name it to use it") : IGNORED;
  }
  const { isSystemDisk, reasons } = evaluateSystemDisk(disk, all);
  if (isSystemDisk) return passIf(device === disk, disk, `it is a system disk (${reasons.join("; ")})`);
  if (!wanted.isFormatted) {
    return isMedium
      ? { kind: "chosen", disk }
      : passIf(device === disk, disk, `nothing on it is labelled ${wanted.label} (yet)`);
  }
  if (device !== disk || (disk.kind !== "disk" && !isNamed)) return IGNORED; // a partition has been judged, or will be, as the disk that it is part of
  if (disk.isReadOnly) return pass(disk, "it is read-only");
  if (!isNamed && !mayBeUnplugged(disk)) return pass(disk, "it is not a removable disk");
  if (!isNamed && event.kind === "changed") return pass(disk, "it was plugged in before; name it to use it");
  return { kind: "chosen", disk };
}

function pass(disk: BlockDevice, why: string): Arrival {
  return { kind: "passed-over", disk, why };
}

function passIf(condition: boolean, disk: BlockDevice, why: string): Arrival {
  return condition ? pass(disk, why) : IGNORED;
}
