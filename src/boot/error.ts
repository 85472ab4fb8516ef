/** What can be wrong with boot entries and the boot partition. */
import { CodedError, type ErrorTable, EXIT } from "../error.ts";

export type BootErrorCode =
  | "BOOT_ENTRY_MISSING"
  | "BOOT_ENTRY_EXISTS"
  | "BOOT_NOTHING_BOOTS"
  | "BOOT_KERNEL_FILE_MISSING"
  | "BOOT_ARGUMENT_UNFIT"
  | "BOOT_ENVIRONMENT_DAMAGED"
  | "BOOT_ENVIRONMENT_FULL"
  | "BOOT_LOADER_NOT_INSTALLED";

export const BOOT_ERRORS: ErrorTable<BootErrorCode> = {
  BOOT_ENTRY_MISSING: {
    exit: EXIT.failed,
    remedy: "Look with `bootferry os status` which deployments have a boot entry, and stage the release again.",
  },
  BOOT_ENTRY_EXISTS: {
    exit: EXIT.failed,
    remedy: "Run the command again: leftovers of an interrupted run are cleared when it starts.",
  },
  BOOT_NOTHING_BOOTS: {
    exit: EXIT.failed,
    remedy: "Install a deployment with `bootferry os install to-filesystem`, or restore the boot partition.",
  },
  BOOT_KERNEL_FILE_MISSING: {
    exit: EXIT.failed,
    remedy: "Run `bootferry os verify --repair` with a medium of the release, which writes the boot files again.",
  },
  BOOT_ARGUMENT_UNFIT: {
    exit: EXIT.failed,
    remedy:
      "Write the kernel argument without single quotes, backslashes and dollar signs, or use another boot loader.",
  },
  BOOT_ENVIRONMENT_DAMAGED: {
    exit: EXIT.failed,
    remedy: "Make it anew as docs/boot-loaders.md shows: with `grub-editenv`, or with `fw_setenv` for U-Boot.",
  },
  BOOT_ENVIRONMENT_FULL: {
    exit: EXIT.failed,
    remedy: "Look with `grub-editenv list` what other programs keep there, and unset what is not needed.",
  },
  BOOT_LOADER_NOT_INSTALLED: {
    exit: EXIT.failed,
    remedy: "Look at what the tool said; GRUB for a BIOS needs the Debian packages grub2-common and grub-pc-bin.",
  },
};

export class BootError extends CodedError<BootErrorCode> {
  constructor(code: BootErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, BOOT_ERRORS, options);
  }
}
