/**
 * How a stick is made, as data: which programs run in which order. Pure; format-medium.ts does it.
 *
 *     erase the old signatures → GPT with one partition → (LUKS2 container → open) → file system → … → labels
 *
 * The label comes last. Devices act on label and file system type, and udev tells them as soon as a writer closes the
 * device: a stick labelled by mkfs would call them while it is still being filled. Without its label nothing takes it for a
 * medium, so a run that was stopped half way leaves a stick that is plainly not finished. Rejected: an inhibiting file or
 * partition flag, which every device would have to know of.
 */
import { type AbsPath, below, parseAbsPath } from "../path.ts";
import type { BlockDevice } from "./block-device.ts";
import { type MediumFilesystem, verifyLabel } from "./medium-label.ts";

export interface FormatRequest {
  readonly filesystem: MediumFilesystem;
  readonly partitionTable: "gpt" | "none";
  readonly label: string;
  readonly isEncrypted: boolean;
}

export interface FormatStep {
  /** What it does, for people: `make a file system`. */
  readonly does: string;
  readonly argv: readonly [string, ...string[]];
  /** The key of the LUKS container goes to its stdin. */
  readonly takesKey?: true;
  readonly stdin?: string;
  /** What must be there before the step. */
  readonly waitsFor?: AbsPath;
}

export interface FormatPlan extends FormatRequest {
  readonly disk: AbsPath;
  /** The partition, or the disk itself: what carries the label that devices see. */
  readonly volume: AbsPath;
  /** Holds the file system: the volume, or what is opened on it. */
  readonly filesystemDevice: AbsPath;
  /** Name of the open container below /dev/mapper. */
  readonly mapping: string | undefined;
  /** From the disk as it is to an empty file system without a label, the container open. */
  readonly steps: readonly FormatStep[];
  /** Make it a medium: with the file system unmounted and the container still open. */
  readonly labelSteps: readonly FormatStep[];
  /** The programs that the steps run. */
  readonly tools: readonly string[];
}

/** Bound of key derivation: a device with 256 MiB must open it. cryptsetup's own choice goes up to 1 GiB. */
export const LUKS_KDF_MEMORY_KIB = 64 << 10;

const PARTITION_NAME = "bootferry";
/** Microsoft basic data, so that every computer shows the stick; none of the types that Linux mounts of itself (DPS). */
const BASIC_DATA = "EBD0A0A2-B9E5-4433-87C0-68B6B72699C7";
const LINUX_DATA = "0FC63DAF-8483-4772-8E79-3D69D8477DE4";
const LUKS = "CA7D7CCB-63ED-4C53-861C-1742536059CC";

const MAPPER = parseAbsPath("/dev/mapper");

/** @throws MediaError MEDIA_LABEL_INVALID */
export function planFormat(disk: BlockDevice, request: FormatRequest): FormatPlan {
  const { filesystem, label, partitionTable, isEncrypted } = request;
  verifyLabel(label, filesystem);
  const volume = partitionTable === "gpt" ? partitionPath(disk.path, 1) : disk.path;
  const mapping = isEncrypted ? `bootferry-${volume.slice("/dev/".length).replaceAll("/", "!")}` : undefined;
  const filesystemDevice = mapping === undefined ? volume : below(MAPPER, mapping);
  const steps = [
    eraseStep(disk),
    ...(partitionTable === "gpt" ? partitionSteps(disk, volume, isEncrypted ? LUKS : dataType(filesystem)) : []),
    ...(mapping === undefined ? [] : encryptSteps(volume, mapping)),
    makeStep(filesystem, filesystemDevice),
  ];
  const labelSteps = [
    labelStep(filesystem, filesystemDevice, label),
    ...(mapping === undefined ? [] : sealSteps(volume, mapping, label)),
    ...announceSteps(volume),
  ];
  const tools = [...new Set([...steps, ...labelSteps].map(({ argv }) => argv[0]))].filter(
    (tool) => tool !== SETTLE.argv[0],
  );
  return { ...request, disk: disk.path, volume, filesystemDevice, mapping, steps, labelSteps, tools };
}

const TABLE_BYTES = 2 << 20; // the first partition begins at 1 MiB, the second copy of a GPT stands at the end
const CONTAINER_BYTES = 16 << 20; // the header of LUKS2 as cryptsetup makes it
/** About how much a medium made so will take: rather a little too low than too high. */
export function estimateRoomBytes({ sizeBytes }: Pick<BlockDevice, "sizeBytes">, request: FormatRequest): number {
  const { partitionTable, isEncrypted, filesystem } = request;
  const volume = sizeBytes - (partitionTable === "gpt" ? TABLE_BYTES : 0) - (isEncrypted ? CONTAINER_BYTES : 0);
  return Math.max(0, Math.floor(volume - overheadBytes(filesystem, volume)));
}

/** What mkfs takes for itself. ext4 was measured on 64 MiB to 64 GiB: inode tables, and a journal of at most 64 MiB. */
function overheadBytes(filesystem: MediumFilesystem, volumeBytes: number): number {
  switch (filesystem) {
    case "vfat":
    case "exfat":
      return volumeBytes * 0.005 + (1 << 20); // allocation tables: 8 bytes for each cluster of 4 KiB or more
    case "ext4":
      return volumeBytes * 0.026 + Math.min(volumeBytes * 0.15, 64 << 20);
  }
}

/** `/dev/sdb` → `/dev/sdb1`, `/dev/mmcblk0` → `/dev/mmcblk0p1` (Documentation/admin-guide/devices.txt). */
export function partitionPath(disk: AbsPath, number: number): AbsPath {
  return parseAbsPath(`${disk}${/\d$/.test(disk) ? "p" : ""}${number}`);
}

/** Waits until udev has looked at what has changed. */
const SETTLE: FormatStep = { does: "wait for udev", argv: ["udevadm", "settle", "--timeout=10"] };

/**
 * udev does not watch a device while it looks at it, so a label that is set just then stays unknown (seen with ext4): it is
 * asked to look once more.
 */
function announceSteps(volume: AbsPath): readonly FormatStep[] {
  const argv = ["udevadm", "trigger", "--action=change", `--name-match=${volume}`] as const;
  return [{ does: "tell udev of it", argv }, SETTLE];
}

/** The old partitions first: a file system in a new partition that begins where an old one did would come back to life. */
function eraseStep(disk: BlockDevice): FormatStep {
  const parts = disk.children.filter(({ kind }) => kind === "part").map(({ path }) => path);
  return { does: "erase what was on it", argv: ["wipefs", "--all", "--quiet", ...parts, disk.path] };
}

function partitionSteps(disk: BlockDevice, volume: AbsPath, type: string): readonly FormatStep[] {
  const script = `label: gpt\nname="${PARTITION_NAME}", type=${type}\n`;
  const argv = ["sfdisk", "--quiet", "--wipe", "always", "--wipe-partitions", "always", disk.path] as const;
  return [
    { does: "make a partition table", argv, stdin: script },
    { ...SETTLE },
    { does: "erase what was in the partition", argv: ["wipefs", "--all", "--quiet", volume], waitsFor: volume },
  ];
}

function dataType(filesystem: MediumFilesystem): string {
  return filesystem === "ext4" ? LINUX_DATA : BASIC_DATA;
}

function encryptSteps(volume: AbsPath, mapping: string): readonly FormatStep[] {
  const kdf = ["--pbkdf", "argon2id", "--pbkdf-memory", String(LUKS_KDF_MEMORY_KIB)];
  return [
    {
      does: "encrypt it (LUKS2)",
      argv: ["cryptsetup", "luksFormat", "--batch-mode", "--type", "luks2", ...kdf, "--key-file", "-", volume],
      takesKey: true,
    },
    {
      does: "open the encrypted container",
      argv: ["cryptsetup", "open", "--type", "luks2", "--key-file", "-", volume, mapping],
      takesKey: true,
    },
  ];
}

function makeStep(filesystem: MediumFilesystem, device: AbsPath): FormatStep {
  const does = `make a file system (${filesystem})`;
  switch (filesystem) {
    case "vfat":
      // -I: a whole disk is meant. --mbr=no: a fake table would make the kernel show the file system twice.
      return { does, argv: ["mkfs.vfat", "-I", "--mbr=no", device] };
    case "exfat":
      return { does, argv: ["mkfs.exfat", device] };
    case "ext4":
      // -F: a whole disk is meant (in use it is refused all the same); -m 0: nobody is root on a stick.
      return { does, argv: ["mkfs.ext4", "-q", "-F", "-m", "0", device] };
  }
}

function labelStep(filesystem: MediumFilesystem, device: AbsPath, label: string): FormatStep {
  const tool = { vfat: "fatlabel", exfat: "exfatlabel", ext4: "e2label" }[filesystem];
  return { does: `label it ${label}`, argv: [tool, device, label] };
}

/** Devices see the container, so its label is the one that counts. It is closed first: its label says that it is whole. */
function sealSteps(volume: AbsPath, mapping: string, label: string): readonly FormatStep[] {
  return [
    { does: "close the encrypted container", argv: ["cryptsetup", "close", mapping] },
    { does: `label the container ${label}`, argv: ["cryptsetup", "config", volume, "--label", label] },
  ];
}
