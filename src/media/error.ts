/** What can be wrong with media and the block devices that they are on. */
import { CodedError, type ErrorTable, EXIT } from "../error.ts";

export type MediaErrorCode = "MEDIA_NO_DEVICE_LIST" | "MEDIA_DEVICE_LIST_INVALID" | "MEDIA_NO_SUCH_DEVICE";

export const MEDIA_ERRORS: ErrorTable<MediaErrorCode> = {
  MEDIA_NO_DEVICE_LIST: {
    exit: EXIT.failed,
    remedy: "Install util-linux (it has lsblk): without it no block device can be told from a system disk.",
  },
  MEDIA_DEVICE_LIST_INVALID: {
    exit: EXIT.failed,
    remedy: "Update util-linux to 2.33 or newer, and report the message if that does not help.",
  },
  MEDIA_NO_SUCH_DEVICE: {
    exit: EXIT.medium,
    remedy: "Plug the medium in and look its name up with `bootferry media list --all`.",
  },
};

export class MediaError extends CodedError<MediaErrorCode> {
  constructor(code: MediaErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, MEDIA_ERRORS, options);
  }
}
