/** What can be wrong with media and the block devices that they are on. */
import { CodedError, type ErrorTable, EXIT } from "../error.ts";

export type MediaErrorCode =
  | "MEDIA_DEVICE_LIST_INVALID"
  | "MEDIA_NO_SUCH_DEVICE"
  | "MEDIA_NOT_A_DISK"
  | "MEDIA_SYSTEM_DISK"
  | "MEDIA_MOUNTED"
  | "MEDIA_READ_ONLY"
  | "MEDIA_TOO_SMALL"
  | "MEDIA_TOO_LARGE"
  | "MEDIA_LABEL_INVALID"
  | "MEDIA_TOOL_MISSING"
  | "MEDIA_NO_PARTITION"
  | "MEDIA_NOT_CONFIRMED"
  | "MEDIA_NOT_LABELLED"
  | "MEDIA_AMBIGUOUS"
  | "MEDIA_BUSY"
  | "MEDIA_NOT_MOUNTED"
  | "MEDIA_WRONG_KEY"
  | "MEDIA_FILESYSTEM_UNKNOWN"
  | "MEDIA_FILESYSTEM_NOT_ALLOWED"
  | "MEDIA_MOUNT_FAILED"
  | "MEDIA_REMOVED"
  | "MEDIA_LUKS_UNSUPPORTED"
  | "MEDIA_LUKS_KDF_TOO_LARGE"
  | "MEDIA_LUKS_LOCKED";

export const MEDIA_ERRORS: ErrorTable<MediaErrorCode> = {
  MEDIA_DEVICE_LIST_INVALID: {
    exit: EXIT.failed,
    remedy: "Update util-linux to 2.33 or newer, and report the message if that does not help.",
  },
  MEDIA_NO_SUCH_DEVICE: {
    exit: EXIT.medium,
    remedy: "Plug the medium in and look its name up with `bootferry media list --all`.",
  },
  MEDIA_NOT_A_DISK: {
    exit: EXIT.usage,
    remedy: "Name the whole disk (/dev/sdb, not /dev/sdb1); `bootferry media list` shows them.",
  },
  MEDIA_SYSTEM_DISK: {
    exit: EXIT.failed,
    remedy:
      "Name the medium and not a disk of this computer; `bootferry media list` shows which is which. There is no option to do it all the same.",
  },
  MEDIA_MOUNTED: {
    exit: EXIT.busy,
    remedy:
      "Close what uses it and unmount it (`bootferry media eject --no-power-off DEVICE`), then run the command again.",
  },
  MEDIA_READ_ONLY: {
    exit: EXIT.medium,
    remedy: "Move the write-protect switch of the card or stick, or take another one: worn-out sticks turn read-only.",
  },
  MEDIA_TOO_SMALL: { exit: EXIT.medium, remedy: "Put a medium into the drive, or take a larger one." },
  MEDIA_TOO_LARGE: { exit: EXIT.usage, remedy: "Use --filesystem exfat for it." },
  MEDIA_LABEL_INVALID: {
    exit: EXIT.usage,
    remedy: "Choose a label of the characters that the message names; devices must be told of it (docs/media.md).",
  },
  MEDIA_TOOL_MISSING: {
    exit: EXIT.failed,
    remedy: "Install the named packages and run the command again; nothing was changed on the medium.",
  },
  MEDIA_NO_PARTITION: {
    exit: EXIT.failed,
    remedy: "Plug the medium out and in and run the command again, or use --partition-table none.",
  },
  MEDIA_NOT_CONFIRMED: {
    exit: EXIT.usage,
    remedy: "Type the serial number as it is shown, or use --yes when you are sure of the device; nothing was changed.",
  },
  MEDIA_NOT_LABELLED: {
    exit: EXIT.medium,
    remedy: "Make it a medium with `bootferry media format` (or --format), or name its label with --label.",
  },
  MEDIA_AMBIGUOUS: {
    exit: EXIT.medium,
    remedy: "Name the partition that is meant; give the others another label, since devices would look at both.",
  },
  MEDIA_BUSY: {
    exit: EXIT.busy,
    remedy:
      "Close the programs and windows that use the medium (`lsof` and `fuser -m` name them) and try again; do not pull it out.",
  },
  MEDIA_NOT_MOUNTED: {
    exit: EXIT.failed,
    remedy: "Run the command with sudo, or open the medium in the file manager first, which mounts it.",
  },
  MEDIA_WRONG_KEY: { exit: EXIT.failed, remedy: "Give the key file or the passphrase that this medium was made with." },
  MEDIA_FILESYSTEM_UNKNOWN: {
    exit: EXIT.medium,
    remedy: "Name the partition that holds the file system, or format the medium anew with `bootferry media format`.",
  },
  MEDIA_FILESYSTEM_NOT_ALLOWED: {
    exit: EXIT.medium,
    remedy:
      "Use a medium with one of the named file systems, or allow this one below `[media]` in agent.toml of the device.",
  },
  MEDIA_MOUNT_FAILED: {
    exit: EXIT.medium,
    remedy:
      "Check the medium on a workstation (fsck) or write a fresh one; if every medium fails, the device's kernel may lack the file system.",
  },
  MEDIA_REMOVED: {
    exit: EXIT.medium,
    remedy:
      "Insert it again and leave it in until the device says that it can be removed; it goes on where it stopped.",
  },
  MEDIA_LUKS_UNSUPPORTED: {
    exit: EXIT.medium,
    remedy: "Make the encrypted medium anew with `bootferry media format --luks`.",
  },
  MEDIA_LUKS_KDF_TOO_LARGE: {
    exit: EXIT.medium,
    remedy:
      "Make the key slot anew with less memory (`cryptsetup luksConvertKey --pbkdf-memory`), or raise max-kdf-memory-mib.",
  },
  MEDIA_LUKS_LOCKED: {
    exit: EXIT.medium,
    remedy: "Check `key-file` and `unlock` below `[media.luks]` in agent.toml, and that the medium has a slot for it.",
  },
};

export class MediaError extends CodedError<MediaErrorCode> {
  constructor(code: MediaErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, MEDIA_ERRORS, options);
  }
}
