/**
 * How a disk is divided, and the script that makes sfdisk(8) do it. Pure.
 *
 *     systemd-boot, none     ESP (vfat) │ root (ext4, rest of the disk)
 *     GRUB on BIOS           BIOS boot │ boot (ext4) │ root (ext4, rest of the disk)
 *     U-Boot                 refused: the board has its say
 *
 * The first partition holds loader, entries and kernels; it stays small, since everything else lives once in the root
 * partition, for both deployments.
 */
import { DeployError } from "../error.ts";
import { BIOS_BOOT_TYPE, ESP_TYPE, EXTENDED_BOOT_TYPE, rootPartitionType } from "./partition-types.ts";

export type DiskLoader = "systemd-boot" | "grub" | "u-boot" | "none";

export interface PlannedPartition {
  readonly role: "bios-boot" | "boot" | "root";
  readonly type: string;
  /** Name in the partition table. */
  readonly name: string;
  /** Undefined for the rest of the disk. */
  readonly sizeBytes: number | undefined;
  readonly filesystem: PlannedFilesystem | undefined;
}

export interface PlannedFilesystem {
  readonly type: "vfat" | "ext4";
  readonly label: string;
}

export interface DiskWishes {
  readonly loader: DiskLoader;
  readonly architecture: string;
  readonly diskBytes: number;
  /** What the release takes on the root file system. */
  readonly neededBytes: number;
  readonly bootBytes?: number | undefined;
  readonly rootBytes?: number | undefined;
  readonly rootLabel?: string | undefined;
  readonly bootLabel?: string | undefined;
}

const MIB = 1 << 20;
const BIOS_BOOT_BYTES = MIB; // core.img has 32 KiB to 100 KiB
const LARGE_BOOT_BYTES = 1024 * MIB; // two kernels with initramfs of 300 MB, and a third while one is exchanged
const SMALL_BOOT_BYTES = 512 * MIB;
const LARGE_DISK_BYTES = 8192 * MIB;
/** Fewer clusters than that are no FAT32 (fatgen103), and no kernel would fit. */
const MIN_BOOT_BYTES = 64 * MIB;
/** GPT at both ends and alignment. */
const TABLE_BYTES = 4 * MIB;
/** ext4 keeps 5 % for root and 2 % for inodes, and an update needs room beside what runs. */
const ROOT_OVERHEAD = 1.1;
const ROOT_SPARE_BYTES = 64 * MIB;

/** @throws DeployError DEPLOY_NO_LOADER, DEPLOY_DISK_TOO_SMALL */
export function planDiskLayout(wishes: DiskWishes): readonly PlannedPartition[] {
  const { loader, architecture, diskBytes, rootBytes } = wishes;
  if (loader === "u-boot") {
    // Boards look for it in sectors of their own, where a new partition table would overwrite it: they would start no more.
    const what = "where U-Boot is on a disk the board decides, and so how the disk may be divided";
    throw new DeployError(
      "DEPLOY_NO_LOADER",
      `${what}: expected \`os install to-filesystem\` onto partitions of your own`,
    );
  }
  const bootBytes = wishes.bootBytes ?? (diskBytes < LARGE_DISK_BYTES ? SMALL_BOOT_BYTES : LARGE_BOOT_BYTES);
  if (bootBytes < MIN_BOOT_BYTES) {
    throw new DeployError("DEPLOY_DISK_TOO_SMALL", `a boot partition needs ${MIN_BOOT_BYTES} bytes, got ${bootBytes}`);
  }
  const fixedBytes = TABLE_BYTES + bootBytes + (loader === "grub" ? BIOS_BOOT_BYTES : 0);
  const available = diskBytes - fixedBytes;
  if (rootBytes !== undefined && rootBytes > available) {
    const what = `a root partition of ${rootBytes} bytes and a boot partition of ${bootBytes} bytes do not fit`;
    throw new DeployError("DEPLOY_DISK_TOO_SMALL", `${what} a disk of ${diskBytes} bytes`);
  }
  const needed = Math.ceil(wishes.neededBytes * ROOT_OVERHEAD) + ROOT_SPARE_BYTES;
  if ((rootBytes ?? available) < needed) {
    const what = `the root partition would have ${Math.max(0, rootBytes ?? available)} bytes`;
    throw new DeployError("DEPLOY_DISK_TOO_SMALL", `${what}; this release needs ${needed}`);
  }
  const root: PlannedPartition = {
    role: "root",
    type: rootPartitionType(architecture),
    name: "root",
    sizeBytes: rootBytes,
    filesystem: { type: "ext4", label: wishes.rootLabel ?? "root" },
  };
  return [...bootPartitions(loader, bootBytes, wishes.bootLabel), root];
}

function bootPartitions(
  loader: Exclude<DiskLoader, "u-boot">,
  sizeBytes: number,
  label?: string,
): readonly PlannedPartition[] {
  switch (loader) {
    case "systemd-boot":
    case "none":
      return [
        { role: "boot", type: ESP_TYPE, name: "ESP", sizeBytes, filesystem: { type: "vfat", label: label ?? "ESP" } },
      ];
    case "grub":
      return [
        { role: "bios-boot", type: BIOS_BOOT_TYPE, name: "bios", sizeBytes: BIOS_BOOT_BYTES, filesystem: undefined },
        {
          role: "boot",
          type: EXTENDED_BOOT_TYPE,
          name: "boot",
          sizeBytes,
          filesystem: { type: "ext4", label: label ?? "boot" },
        },
      ];
  }
}

/** What sfdisk reads on its standard input. Sizes are rounded down to MiB, to which sfdisk aligns. */
export function formatSfdiskScript(partitions: readonly PlannedPartition[]): string {
  const lines = partitions.map(({ type, name, sizeBytes }) => {
    const size = sizeBytes === undefined ? [] : [`size=${Math.floor(sizeBytes / MIB)}MiB`];
    return [...size, `type=${type}`, `name="${name}"`].join(", ");
  });
  return `${["label: gpt", ...lines].join("\n")}\n`;
}
