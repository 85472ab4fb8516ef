/** What can go wrong while a device takes an image from a medium, keeps it and reads it again. */
import { CodedError, type ErrorTable, EXIT, errnoOf } from "../error.ts";
import { hostError } from "../host/error.ts";

export type StoreErrorCode =
  | "STORE_NO_SPACE"
  | "STORE_TREE_ABSENT"
  | "STORE_TREE_MISMATCH"
  | "STORE_OBJECTS_SIZE_MISMATCH"
  | "STORE_OBJECT_MISSING_FROM_MEDIUM"
  | "STORE_BASE_MISSING"
  | "STORE_BASE_DAMAGED"
  | "STORE_PACK_INVALID"
  | "STORE_OBJECT_MISSING"
  | "STORE_OBJECT_CORRUPT"
  | "STORE_OBJECT_TOO_LARGE"
  | "STORE_IMAGE_MISSING"
  | "STORE_IMAGE_CORRUPT"
  | "STORE_VERITY_UNAVAILABLE";

const repair =
  "Run `bootferry os verify --repair` with a medium that carries this release, or install the release again.";
const remake = "Create and sign the release again with `bootferry release create`, and write the medium again.";

export const STORE_ERRORS: ErrorTable<StoreErrorCode> = {
  STORE_NO_SPACE: {
    exit: EXIT.noSpace,
    remedy: "Free the named number of bytes on the device's root file system, then insert the medium again.",
  },
  STORE_TREE_ABSENT: {
    exit: EXIT.notApplicable,
    remedy: "This release is for bootc hosts only; create it again without --no-tree for devices of the native engine.",
  },
  STORE_TREE_MISMATCH: { exit: EXIT.notTrusted, remedy: remake },
  STORE_OBJECTS_SIZE_MISMATCH: { exit: EXIT.notTrusted, remedy: remake },
  STORE_OBJECT_MISSING_FROM_MEDIUM: {
    exit: EXIT.medium,
    remedy:
      "Write the full release to the medium; one that leaves layers out suits only devices that hold its base release.",
  },
  STORE_BASE_MISSING: {
    exit: EXIT.notApplicable,
    remedy:
      "Bring a medium with the full release, or install the release that the message names first and insert this medium again after it is confirmed.",
  },
  STORE_BASE_DAMAGED: {
    exit: EXIT.notApplicable,
    remedy:
      "Bring a medium with the full release: it replaces what is damaged; or mend the base with `bootferry os verify --repair` and a full medium of it, then insert this one again.",
  },
  STORE_PACK_INVALID: {
    exit: EXIT.medium,
    remedy: "Write the delta again with `bootferry release copy --base`, or bring a medium with the full release.",
  },
  STORE_OBJECT_MISSING: { exit: EXIT.failed, remedy: repair },
  STORE_OBJECT_CORRUPT: { exit: EXIT.failed, remedy: repair },
  STORE_OBJECT_TOO_LARGE: {
    exit: EXIT.failed,
    remedy: "Make the named file of the image smaller; the device reads files of this kind into memory.",
  },
  STORE_IMAGE_MISSING: { exit: EXIT.failed, remedy: repair },
  STORE_IMAGE_CORRUPT: { exit: EXIT.failed, remedy: repair },
  STORE_VERITY_UNAVAILABLE: {
    exit: EXIT.failed,
    remedy:
      "Install fsverity-utils and make the file system with verity support (`tune2fs -O verity`), or set the level of fs-verity to `on` or `off`.",
  },
};

export class StoreError extends CodedError<StoreErrorCode> {
  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, STORE_ERRORS, options);
  }
}

/** Wraps a failed system call on the store's file system; a full one has a code of its own. */
export function storeError(error: unknown, what: string): Error {
  const errno = errnoOf(error);
  if (errno === "ENOSPC" || errno === "EDQUOT") {
    return new StoreError("STORE_NO_SPACE", `${what}: the file system is full (${errno})`, { cause: error });
  }
  return hostError(error, what);
}
