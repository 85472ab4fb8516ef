/** What can be wrong with support archives: on the device that makes one, and at the workstation that opens it. */
import { CodedError, type ErrorTable, EXIT } from "../error.ts";

export type SupportErrorCode =
  | "SUPPORT_NO_RECIPIENT"
  | "SUPPORT_RECIPIENT_INVALID"
  | "SUPPORT_TARGET_INVALID"
  | "SUPPORT_KEY_INVALID"
  | "SUPPORT_PASSPHRASE_NEEDED"
  | "SUPPORT_PASSPHRASE_WRONG"
  | "SUPPORT_KEY_WRONG"
  | "SUPPORT_ARCHIVE_INVALID";

export const SUPPORT_ERRORS: ErrorTable<SupportErrorCode> = {
  SUPPORT_NO_RECIPIENT: {
    exit: EXIT.failed,
    remedy:
      'Make a key with `bootferry key generate support --for support`, and put the line of support.pub into agent.toml: `[support] recipients = ["age1…"]`, or give it with --recipient.',
  },
  SUPPORT_RECIPIENT_INVALID: {
    exit: EXIT.failed,
    remedy:
      "Copy the whole line of the support key's .pub file, which begins with age1; plug-in recipients are not known.",
  },
  SUPPORT_TARGET_INVALID: {
    exit: EXIT.medium,
    remedy: "Remove what stands in the way on the medium, or use another medium.",
  },
  SUPPORT_KEY_INVALID: {
    exit: EXIT.failed,
    remedy: "Name the file NAME.key that `bootferry key generate NAME --for support` (or age-keygen) has made.",
  },
  SUPPORT_PASSPHRASE_NEEDED: {
    exit: EXIT.usage,
    remedy: "Give the passphrase with --passphrase-file FILE or in BOOTFERRY_PASSPHRASE, or run on a terminal.",
  },
  SUPPORT_PASSPHRASE_WRONG: { exit: EXIT.failed, remedy: "Type the passphrase of this key again." },
  SUPPORT_KEY_WRONG: {
    exit: EXIT.notTrusted,
    remedy: "Open it with one of the keys whose .pub lines stood below [support] of the device's agent.toml.",
  },
  SUPPORT_ARCHIVE_INVALID: {
    exit: EXIT.medium,
    remedy:
      "Have the device write another one (`bootferry agent export-logs`): this one is damaged, or of another program.",
  },
};

export class SupportError extends CodedError<SupportErrorCode> {
  constructor(code: SupportErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, SUPPORT_ERRORS, options);
  }
}
