/** What can be wrong with receipts, with where they are kept, and with a medium that is to take them. */
import { CodedError, type ErrorTable, EXIT } from "../error.ts";

export type ReceiptErrorCode =
  | "RECEIPT_INVALID"
  | "RECEIPT_SPEC_VERSION_UNSUPPORTED"
  | "RECEIPT_MEDIUM_ID_INVALID"
  | "RECEIPT_NOT_PLAIN"
  | "RECEIPT_TOO_LARGE"
  | "RECEIPT_NOT_ALLOWED"
  | "RECEIPT_MEDIUM_NOT_VERIFIED"
  | "RECEIPT_MEDIUM_UNFIT"
  | "RECEIPT_NOT_WRITTEN"
  | "RECEIPT_NOTHING_TO_WRITE"
  | "RECEIPT_NONE"
  | "RECEIPT_LEDGER_LINE"
  | "RECEIPT_LEDGER_ABSENT"
  | "RECEIPT_DEVICE_UNKNOWN";

export const RECEIPT_ERRORS: ErrorTable<ReceiptErrorCode> = {
  RECEIPT_INVALID: {
    exit: EXIT.notTrusted,
    remedy: "Do not believe this receipt; let the device write its receipts to another medium and tell this code.",
  },
  RECEIPT_SPEC_VERSION_UNSUPPORTED: {
    exit: EXIT.notTrusted,
    remedy: "Use a newer bootferry on the workstation: the device that made this receipt has one.",
  },
  RECEIPT_MEDIUM_ID_INVALID: {
    exit: EXIT.medium,
    remedy: "Remove bootferry/medium.json from the medium; the next `bootferry media write` gives it a new id.",
  },
  RECEIPT_NOT_PLAIN: {
    exit: EXIT.medium,
    remedy: "Look at what stands there in the place of a plain file or directory, remove it, and use another medium.",
  },
  RECEIPT_TOO_LARGE: {
    exit: EXIT.medium,
    remedy: "Remove the named file from the medium: no bootferry writes one of that size.",
  },
  RECEIPT_NOT_ALLOWED: {
    exit: EXIT.notApplicable,
    remedy: "Set `write-to-media = true` in the table [receipts] of agent.toml, if this device is to write receipts.",
  },
  RECEIPT_MEDIUM_NOT_VERIFIED: {
    exit: EXIT.notTrusted,
    remedy: "Insert a medium with a release that this device trusts, and leave it in until the device has read it.",
  },
  RECEIPT_MEDIUM_UNFIT: {
    exit: EXIT.medium,
    remedy:
      "Bring a stick with vfat or exfat that is not encrypted, if receipts are to be written; updates work from this one.",
  },
  RECEIPT_NOT_WRITTEN: {
    exit: EXIT.medium,
    remedy:
      "Make room on the stick, switch off its write protection, or bring another one: the receipts are kept and go to the next medium.",
  },
  RECEIPT_NOTHING_TO_WRITE: {
    exit: EXIT.failed,
    remedy:
      "Run `bootferry agent run`, which makes the first receipt; `bootferry agent history` says what kept it from that.",
  },
  RECEIPT_NONE: {
    exit: EXIT.medium,
    remedy:
      "Check that the path is the mount point of a stick that was in a device, and that the device may write receipts to media (docs/receipts.md).",
  },
  RECEIPT_LEDGER_LINE: {
    exit: EXIT.failed,
    remedy: "Nothing to do: the line is passed over; collect the stick once more, and its receipts are added again.",
  },
  RECEIPT_LEDGER_ABSENT: {
    exit: EXIT.usage,
    remedy: "Name the file that `bootferry receipt collect MEDIUM --ledger FILE` has made.",
  },
  RECEIPT_DEVICE_UNKNOWN: {
    exit: EXIT.usage,
    remedy:
      "`bootferry receipt report --ledger FILE` lists the devices; name one by its id, the start of it, or its label.",
  },
};

export class ReceiptError extends CodedError<ReceiptErrorCode> {
  constructor(code: ReceiptErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, RECEIPT_ERRORS, options);
  }
}
