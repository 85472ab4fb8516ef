/** Letting go of a disk on the command line: the end of `media write`, and all of `media eject`. */
import type { BlockDevice } from "../media/block-device.ts";
import { findDevice } from "../media/block-device.ts";
import { verifyNoSystemDisk } from "../media/check-format.ts";
import { type EjectPorts, powerOff, releaseDisk } from "../media/eject-disk.ts";
import { MediaError } from "../media/error.ts";
import { listBlockDevices } from "../media/list-block-devices.ts";
import type { AbsPath } from "../path.ts";
import type { CliContext } from "./context.ts";
import { blockDevicePorts, ejectPorts } from "./media-ports.ts";
import type { Output } from "./output.ts";

export interface Ejected {
  readonly disk: AbsPath;
  readonly poweredOff: boolean;
}

/** Unmounts, closes and switches off. @throws MediaError MEDIA_NO_SUCH_DEVICE, MEDIA_SYSTEM_DISK, MEDIA_BUSY */
export async function ejectDevice(
  context: CliContext,
  output: Output,
  device: AbsPath,
  options: { readonly powerOff: boolean } = { powerOff: true },
): Promise<Ejected> {
  const ports = ejectPorts(context, output);
  const disk = await releaseDevice(context, device, ports);
  const isOff = options.powerOff && (await powerOff(disk, ports));
  if (isOff) output.note("  switch it off");
  return { disk: disk.path, poweredOff: isOff };
}

/** Unmounts and closes all that is on the disk of `device`. Errors as {@link ejectDevice}. */
export async function releaseDevice(context: CliContext, device: AbsPath, ports: EjectPorts): Promise<BlockDevice> {
  const all = await listBlockDevices(blockDevicePorts(context));
  const found = findDevice(all, device);
  if (found === undefined) throw new MediaError("MEDIA_NO_SUCH_DEVICE", `${device} is no block device of this machine`);
  verifyNoSystemDisk(found.disk, all);
  await releaseDisk(found.disk, ports);
  return found.disk;
}

/** What the person waits for. */
export const REMOVE_TEXT = "You can remove the stick.";
