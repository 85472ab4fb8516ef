/** Block devices in words: one line that tells a stick from its neighbour, and what `--json` says of it. */
import { type BlockDevice, walkDevice } from "../media/block-device.ts";
import { evaluateSystemDisk, mayBeUnplugged } from "../media/system-disk.ts";
import { formatBytes } from "./format-units.ts";

/** `SanDisk Ultra Fit, serial 4C530001, 29 GiB, usb` */
export function describeDisk({ vendor, model, serial, sizeBytes, bus }: BlockDevice): string {
  const serialText = serial === undefined ? "no serial number" : `serial ${serial}`;
  return [modelName(vendor, model) ?? "unknown model", serialText, formatBytes(sizeBytes), bus ?? "unknown bus"].join(
    ", ",
  );
}

/** Vendors of USB sticks are names, those of virtio are numbers. */
export function modelName(vendor: string | undefined, model: string | undefined): string | undefined {
  const name = vendor === undefined || vendor.startsWith("0x") || model?.startsWith(vendor) ? "" : vendor;
  return [name, model ?? ""].filter((part) => part !== "").join(" ") || undefined;
}

/** `vfat "KINGSTON"; crypto_LUKS` or undefined when there is nothing on it. */
export function describeContents(disk: BlockDevice): string | undefined {
  const found = walkDevice(disk)
    .filter(({ filesystem }) => filesystem !== undefined)
    .map(({ filesystem, label }) => (label === undefined ? `${filesystem}` : `${filesystem} ${JSON.stringify(label)}`));
  const text = [...found].join("; ");
  if (text !== "") return text;
  return disk.partitionTable === undefined ? undefined : `a partition table (${disk.partitionTable})`;
}

export function diskFacts(disk: BlockDevice, all: readonly BlockDevice[]) {
  const { isSystemDisk, reasons } = evaluateSystemDisk(disk, all);
  return {
    ...deviceFacts(disk),
    mayBeUnplugged: mayBeUnplugged(disk),
    systemDisk: isSystemDisk,
    systemDiskReasons: reasons,
  };
}

function deviceFacts(device: BlockDevice): Readonly<Record<string, unknown>> {
  const { isReadOnly, isRemovable, isHotplug, children, ...facts } = device;
  const rest = {
    readOnly: isReadOnly,
    removable: isRemovable,
    hotplug: isHotplug,
    children: children.map(deviceFacts),
  };
  const known = Object.entries(facts).map(([key, value]) => [key, value ?? null]);
  return { ...Object.fromEntries(known), ...rest };
}
