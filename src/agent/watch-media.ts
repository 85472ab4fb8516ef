/** Media among the block devices that come and go: by label and type, as the udev rule has it on other machines. */
import type { AgentConfig } from "../config/agent-config.ts";
import { type BlockDevice, findDevice } from "../media/block-device.ts";
import { evaluateSystemDisk } from "../media/system-disk.ts";
import type { DeviceEvent } from "../media/watch-devices.ts";
import type { Arrival } from "./watch.ts";

const LUKS = "crypto_LUKS";
const KINDS = ["disk", "part", "rom", "loop"]; // not what is opened on top of others: our own LUKS mapping has a label, too

/** Whether a device calls itself a medium of ours. Pure. */
export function isMedium({ kind, label, filesystem, sizeBytes }: BlockDevice, config: AgentConfig["media"]): boolean {
  const types: readonly string[] = [...config.filesystems, LUKS];
  if (!KINDS.includes(kind) || sizeBytes === 0) return false;
  return label !== undefined && config.labels.includes(label) && filesystem !== undefined && types.includes(filesystem);
}

/**
 * The media among `events`; what is there at the beginning counts as well.
 * @param list all block devices: a partition of the running system's disk is no medium, whatever its label
 */
export async function* watchMedia(
  events: AsyncIterable<DeviceEvent>,
  config: AgentConfig["media"],
  list: () => Promise<readonly BlockDevice[]>,
): AsyncGenerator<Arrival, void, undefined> {
  for await (const { kind, device } of events) {
    if (!isMedium(device, config)) continue;
    const source = { kind: "device", device: device.path } as const;
    if (kind === "vanished") yield { kind: "left", source };
    else if (!(await isOfSystem(device, list))) yield { kind: "arrived", source };
  }
}

async function isOfSystem({ kernelName }: BlockDevice, list: () => Promise<readonly BlockDevice[]>): Promise<boolean> {
  const all = await list();
  const found = findDevice(all, kernelName);
  return found === undefined || evaluateSystemDisk(found.disk, all).isSystemDisk;
}
