/** What can go wrong between us and the machine that we run on. */
import { CodedError, type ErrorTable, EXIT, errnoOf, errnoText } from "../error.ts";

export type HostErrorCode =
  | "HOST_TOOL_MISSING"
  | "HOST_TOOL_FAILED"
  | "HOST_TOOL_TIMEOUT"
  | "HOST_NO_SPACE"
  | "HOST_READ_ONLY"
  | "HOST_PERMISSION"
  | "HOST_NOT_FOUND"
  | "HOST_NOT_A_FILE"
  | "HOST_EXISTS"
  | "HOST_IO"
  | "HOST_BUSY";

export const HOST_ERRORS: ErrorTable<HostErrorCode> = {
  HOST_TOOL_MISSING: {
    exit: EXIT.failed,
    remedy: "Install the named tool with your distribution's package manager and run the command again.",
  },
  HOST_TOOL_FAILED: {
    exit: EXIT.failed,
    remedy: "Read the tool's own message above, mend what it names and run the command again.",
  },
  HOST_TOOL_TIMEOUT: {
    exit: EXIT.failed,
    remedy: "Check that the device or service that the tool waits for answers, then run the command again.",
  },
  HOST_NO_SPACE: {
    exit: EXIT.noSpace,
    remedy: "Free space on the named file system or use a larger one, then run the command again.",
  },
  HOST_READ_ONLY: { exit: EXIT.failed, remedy: "Remount the named file system read-write, or name another directory." },
  HOST_PERMISSION: {
    exit: EXIT.failed,
    remedy: "Run the command as a user who may use the named file, or change its owner and mode.",
  },
  HOST_NOT_FOUND: { exit: EXIT.failed, remedy: "Check the spelling of the path and that its file system is mounted." },
  HOST_NOT_A_FILE: { exit: EXIT.failed, remedy: "Name a file: the path leads to a directory." },
  HOST_EXISTS: {
    exit: EXIT.failed,
    remedy: "Choose another name, or move the existing file away yourself: it is not overwritten.",
  },
  HOST_IO: {
    exit: EXIT.failed,
    remedy: "Look in the kernel log (dmesg) for errors of the disk; the operation can be repeated safely.",
  },
  HOST_BUSY: {
    exit: EXIT.busy,
    remedy: "Wait until the other bootferry process has finished, then run the command again.",
  },
};

export class HostError extends CodedError<HostErrorCode> {
  constructor(code: HostErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, HOST_ERRORS, options);
  }
}

/** Wraps a failed system call: `what` says what was tried on which path. Errors that are coded already pass unchanged. */
export function hostError(error: unknown, what: string): Error {
  if (error instanceof CodedError) return error;
  const errno = errnoOf(error);
  if (errno === undefined) return error instanceof Error ? error : new Error(what, { cause: error });
  return new HostError(codeOfErrno(errno), `${what}: ${errnoText(error)}`, { cause: error });
}

function codeOfErrno(errno: string): HostErrorCode {
  switch (errno) {
    case "ENOSPC":
    case "EDQUOT":
      return "HOST_NO_SPACE";
    case "EROFS":
      return "HOST_READ_ONLY";
    case "EACCES":
    case "EPERM":
      return "HOST_PERMISSION";
    case "ENOENT":
    case "ENOTDIR":
      return "HOST_NOT_FOUND";
    case "EISDIR":
      return "HOST_NOT_A_FILE";
    case "EEXIST":
      return "HOST_EXISTS";
    default:
      return "HOST_IO";
  }
}
