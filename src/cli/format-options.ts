/** The options that say how a medium is made, for `media format` and `media write --format`. */
import { type Command, Option } from "commander";
import type { BlockDevice } from "../media/block-device.ts";
import { DEFAULT_LABEL, MEDIUM_FILESYSTEMS, type MediumFilesystem } from "../media/medium-label.ts";
import type { FormatRequest } from "../media/plan-format.ts";

export interface FormatOptions {
  readonly filesystem: MediumFilesystem;
  readonly partitionTable?: "gpt" | "none";
  readonly label: string;
  readonly luks?: boolean;
  readonly luksKeyFile?: string;
  readonly yes?: boolean;
}

export function addFormatOptions(command: Command): Command {
  return command
    .addOption(
      new Option("--filesystem <type>", "vfat is read everywhere; exfat for files of 4 GiB; devices must allow ext4")
        .choices(MEDIUM_FILESYSTEMS)
        .default("vfat"),
    )
    .addOption(labelOption())
    .addOption(
      new Option("--partition-table <type>", "gpt, or none; gpt unless the device is a loop device").choices([
        "gpt",
        "none",
      ]),
    )
    .addOption(new Option("--luks", "encrypt it (LUKS2); devices need the key or the passphrase"))
    .addOption(luksKeyOption())
    .addOption(new Option("--yes", "erase the disk without asking for its serial number"));
}

function labelOption(): Option {
  return new Option("--label <label>", "by which devices know the medium").default(DEFAULT_LABEL);
}

function luksKeyOption(): Option {
  return new Option(
    "--luks-key-file <file>",
    "the key of the encrypted medium, every byte of the file; else BOOTFERRY_LUKS_PASSPHRASE, else a passphrase is asked for",
  );
}

export function formatRequestOf(options: FormatOptions, disk: BlockDevice): FormatRequest {
  return {
    filesystem: options.filesystem,
    partitionTable: options.partitionTable ?? (disk.kind === "loop" ? "none" : "gpt"),
    label: options.label,
    isEncrypted: options.luks ?? options.luksKeyFile !== undefined,
  };
}
