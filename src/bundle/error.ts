/** What can be wrong with a medium, with a release on it, or with a release for this device. */
import { CodedError, type ErrorTable, EXIT } from "../error.ts";

export type BundleErrorCode =
  | "BUNDLE_MEDIUM_FOREIGN"
  | "BUNDLE_MEDIUM_NOT_PLAIN"
  | "BUNDLE_MEDIUM_READ_ONLY"
  | "BUNDLE_MEDIUM_FAILED"
  | "BUNDLE_INDEX_TOO_LONG"
  | "BUNDLE_ROOTS_TOO_LARGE"
  | "BUNDLE_NO_SPACE"
  | "BUNDLE_BLOB_TOO_LARGE_FOR_FAT"
  | "BUNDLE_NO_RELEASE"
  | "BUNDLE_ARTIFACT_INVALID"
  | "BUNDLE_STATEMENT_INVALID"
  | "BUNDLE_SPEC_VERSION_UNSUPPORTED"
  | "BUNDLE_MEMBER_UNKNOWN"
  | "BUNDLE_REQUIREMENT_UNKNOWN"
  | "BUNDLE_AGENT_TOO_OLD"
  | "BUNDLE_STEP_NEEDED"
  | "BUNDLE_NAME_NOT_FOLLOWED"
  | "BUNDLE_COMPATIBLE_MISMATCH"
  | "BUNDLE_ARCHITECTURE_MISMATCH"
  | "BUNDLE_DEVICE_NOT_LISTED"
  | "BUNDLE_IMAGE_MISMATCH";

const updateAgent =
  "Install a release for the bootferry that runs on this device first; its publisher can provide one that brings a newer bootferry.";
const publishAgain = "Tell the publisher this code and message; the release has to be made and signed again.";

export const BUNDLE_ERRORS: ErrorTable<BundleErrorCode> = {
  BUNDLE_MEDIUM_FOREIGN: {
    exit: EXIT.medium,
    remedy:
      "Insert a medium that was written by `bootferry release create`: it has a directory `bootferry` at its top.",
  },
  BUNDLE_MEDIUM_NOT_PLAIN: {
    exit: EXIT.medium,
    remedy: "Write the medium again; its files and directories must be plain ones, with no links between them.",
  },
  BUNDLE_MEDIUM_READ_ONLY: {
    exit: EXIT.medium,
    remedy:
      "Slide the medium's write-protect switch back or mount it read-write; a worn-out medium turns read-only for good: use another one.",
  },
  BUNDLE_MEDIUM_FAILED: {
    exit: EXIT.medium,
    remedy: "Insert the medium again and repeat; if it fails again the medium is worn out: use another one.",
  },
  BUNDLE_INDEX_TOO_LONG: {
    exit: EXIT.medium,
    remedy: "Remove releases that are no longer needed with `bootferry release remove`, or write a fresh medium.",
  },
  BUNDLE_ROOTS_TOO_LARGE: {
    exit: EXIT.medium,
    remedy: "Write a fresh medium with the root documents of your own fleet; nobody's chain of roots is that large.",
  },
  BUNDLE_NO_SPACE: {
    exit: EXIT.noSpace,
    remedy: "Use a larger medium, or free space on it with `bootferry release remove`.",
  },
  BUNDLE_BLOB_TOO_LARGE_FOR_FAT: {
    exit: EXIT.medium,
    remedy: "Format the medium as exFAT (FAT32 holds no file of 4 GiB), or build the image with smaller layers.",
  },
  BUNDLE_NO_RELEASE: {
    exit: EXIT.medium,
    remedy: "Check that this is the right medium, and write a release to it with `bootferry release create`.",
  },
  BUNDLE_ARTIFACT_INVALID: {
    exit: EXIT.medium,
    remedy: "Write the release to the medium again with `bootferry release create`.",
  },
  BUNDLE_STATEMENT_INVALID: { exit: EXIT.notTrusted, remedy: publishAgain },
  BUNDLE_SPEC_VERSION_UNSUPPORTED: { exit: EXIT.notApplicable, remedy: updateAgent },
  BUNDLE_MEMBER_UNKNOWN: { exit: EXIT.notApplicable, remedy: updateAgent },
  BUNDLE_REQUIREMENT_UNKNOWN: { exit: EXIT.notApplicable, remedy: updateAgent },
  BUNDLE_AGENT_TOO_OLD: { exit: EXIT.notApplicable, remedy: updateAgent },
  BUNDLE_STEP_NEEDED: {
    exit: EXIT.notApplicable,
    remedy: "Install the release that the message names first, let it be confirmed, then insert this medium again.",
  },
  BUNDLE_NAME_NOT_FOLLOWED: {
    exit: EXIT.notApplicable,
    remedy:
      "Insert a medium with the release that this device follows, or change `name` below `[follow]` in its agent.toml.",
  },
  BUNDLE_COMPATIBLE_MISMATCH: {
    exit: EXIT.notApplicable,
    remedy: "Use this medium on the kind of device that it names, or ask the publisher for a release for this kind.",
  },
  BUNDLE_ARCHITECTURE_MISMATCH: {
    exit: EXIT.notApplicable,
    remedy: "Ask the publisher for a release that holds an image for this device's processor architecture.",
  },
  BUNDLE_DEVICE_NOT_LISTED: {
    exit: EXIT.notApplicable,
    remedy: "Use this medium on the devices that its release lists, or ask the publisher to list this device too.",
  },
  BUNDLE_IMAGE_MISMATCH: { exit: EXIT.notTrusted, remedy: publishAgain },
};

export class BundleError extends CodedError<BundleErrorCode> {
  constructor(code: BundleErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, BUNDLE_ERRORS, options);
  }
}
