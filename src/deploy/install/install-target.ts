/** A mounted place for a new system, and how it will find its file systems when it boots. */
import type { DevicePaths } from "../../config/device-paths.ts";
import type { AbsPath } from "../../path.ts";

export interface BootFilesystem {
  readonly type: "vfat" | "ext4";
  /** As `What=` of a mount unit: `/dev/disk/by-uuid/ABCD-1234`. */
  readonly what: string;
  /** What it is mounted from now. */
  readonly device: string;
}

export interface InstallTarget {
  readonly paths: DevicePaths;
  /** What `root=` on the kernel command line says: `UUID=…`. */
  readonly rootMountSpec: string;
  readonly boot: BootFilesystem;
  /** The whole disk, for boot loaders that are written beside the partitions. */
  readonly disk: AbsPath | undefined;
}

/**
 * The device path of a mount specification: `UUID=x` → `/dev/disk/by-uuid/x`; undefined for what is none of mount(8)'s.
 * Values are escaped as udev writes such links.
 */
export function devicePathOf(mountSpec: string): string | undefined {
  if (mountSpec.startsWith("/dev/")) return mountSpec;
  const [, tag, value] = /^(UUID|LABEL|PARTUUID|PARTLABEL)=([\w.+:@#-]+)$/.exec(mountSpec) ?? [];
  return tag === undefined ? undefined : `/dev/disk/by-${tag.toLowerCase()}/${value}`;
}
