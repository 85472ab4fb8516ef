/**
 * Puts GRUB for PCs with a BIOS onto a new disk.
 *
 *     <boot>/grub/i386-pc/…         modules, by grub-install, which writes the boot sectors too
 *     <boot>/grub/grubenv           empty, of its full size
 *     <boot>/grub/bootferry.cfg     without entries yet; that it is there says that this device has GRUB
 *     <boot>/grub/grub.cfg          sources bootferry.cfg; from then on it belongs to the integrator
 */
import { HostError } from "../host/error.ts";
import type { Exec } from "../host/exec.ts";
import type { AbsPath } from "../path.ts";
import { readOptional } from "./entry-files.ts";
import { BootError } from "./error.ts";
import { flushJournal } from "./flush-journal.ts";
import { formatGrubConfig } from "./grub-config.ts";
import { formatGrubEnvironment } from "./grub-environment.ts";
import { grubFile, tryReadGrubEnvironment } from "./grub-loader.ts";
import { publishFile } from "./publish-file.ts";

export interface GrubInstallation {
  /** Where the boot partition is mounted: ext4, the root of its own file system. */
  readonly boot: AbsPath;
  /** The disk that the firmware starts. */
  readonly disk: AbsPath;
  readonly exec: Exec;
}

const INSTALL_TIMEOUT_MS = 10 * 60_000; // hundreds of modules onto a slow SD card

/**
 * What GRUB needs to find the boot partition. grub-install looks at the devices of this machine for that; with a disk image
 * whose partitions are loop devices of their own it sees no partition table, and GRUB would stop at `grub rescue>`.
 */
const CORE_MODULES = ["biosdisk", "part_gpt", "part_msdos", "ext2", "search_fs_uuid"];

const GRUB_CFG = `# Written once by bootferry; yours from then on. It must source bootferry.cfg, and not choose an entry after that.
# For a menu at each start write "set timeout=5" at the end (docs/boot-loaders.md).
if serial --unit=0 --speed=115200; then
  terminal_input console serial
  terminal_output console serial
fi
source $prefix/bootferry.cfg
`;

/**
 * Idempotent: an entry that was armed stays, as does a grub.cfg that someone has changed.
 * @throws BootError BOOT_LOADER_NOT_INSTALLED; HostError
 */
export async function installGrub({ boot, disk, exec }: GrubInstallation): Promise<void> {
  try {
    // The tables of our disks are GPT, even where the boot partition is reached as if it were a disk of its own.
    const target = ["--target=i386-pc", `--modules=${CORE_MODULES.join(" ")}`, `--boot-directory=${boot}`];
    const argv = ["grub-install", ...target, disk] as const;
    await exec(argv, { timeoutMs: INSTALL_TIMEOUT_MS });
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    throw new BootError("BOOT_LOADER_NOT_INSTALLED", `installing GRUB on ${disk}: ${error.message}`, { cause: error });
  }
  await writeGrubFiles(exec, boot);
}

/** Only the files: for disks on which another tool has installed GRUB itself. Idempotent. @throws HostError */
export async function writeGrubFiles(exec: Exec, boot: AbsPath): Promise<void> {
  if (tryReadGrubEnvironment(boot) === undefined) {
    await publishFile(exec, grubFile(boot, "grubenv"), formatGrubEnvironment(new Map()));
  }
  await publishMissing(exec, grubFile(boot, "bootferry.cfg"), formatGrubConfig([]));
  await publishMissing(exec, grubFile(boot, "grub.cfg"), GRUB_CFG);
  await flushJournal(exec, boot);
}

async function publishMissing(exec: Exec, path: AbsPath, text: string): Promise<void> {
  if (readOptional(path) === undefined) await publishFile(exec, path, Buffer.from(text));
}
