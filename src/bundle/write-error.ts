/** What a failed system call says about a medium that is being written. */
import { CodedError, errnoOf, errnoText } from "../error.ts";
import { HostError, hostError } from "../host/error.ts";
import { BundleError, type BundleErrorCode } from "./error.ts";

/** Wraps errors of the file system of a medium; `what` says what was tried. Coded errors of other rooms pass unchanged. */
export function mediumWriteError(error: unknown, what: string): unknown {
  const cause = error instanceof HostError ? error.cause : error; // writeDurably has wrapped it already
  const code = codeOf(errnoOf(cause));
  if (code !== undefined) return new BundleError(code, `${what}: ${errnoText(cause)}`, { cause });
  return error instanceof CodedError ? error : hostError(error, what);
}

function codeOf(errno: string | undefined): BundleErrorCode | undefined {
  switch (errno) {
    case "ENOSPC":
    case "EDQUOT":
      return "BUNDLE_NO_SPACE";
    case "EFBIG":
      return "BUNDLE_BLOB_TOO_LARGE_FOR_FAT";
    case "EROFS":
      return "BUNDLE_MEDIUM_READ_ONLY";
    case "EIO": // the stick was pulled, or its flash gives up
    case "ENODEV":
    case "ENXIO":
      return "BUNDLE_MEDIUM_FAILED";
    default:
      return undefined;
  }
}
