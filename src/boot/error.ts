/** What can be wrong with boot entries and the boot partition. */
import { CodedError, type ErrorTable, EXIT } from "../error.ts";

export type BootErrorCode =
  | "BOOT_ENTRY_MISSING"
  | "BOOT_ENTRY_EXISTS"
  | "BOOT_NOTHING_BOOTS"
  | "BOOT_KERNEL_FILE_MISSING";

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
};

export class BootError extends CodedError<BootErrorCode> {
  constructor(code: BootErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, BOOT_ERRORS, options);
  }
}
