/** What can be wrong with a composefs image, its names of objects, and a tree that is to become one. */
import { CodedError, type ErrorTable, EXIT } from "../error.ts";

export type ComposefsErrorCode =
  | "COMPOSEFS_DIGEST_INVALID"
  | "COMPOSEFS_CONTENT_SIZE_MISMATCH"
  | "COMPOSEFS_TREE_UNSUPPORTED"
  | "COMPOSEFS_IMAGE_UNSUPPORTED"
  | "COMPOSEFS_IMAGE_TOO_LARGE"
  | "COMPOSEFS_IMAGE_CORRUPT"
  | "COMPOSEFS_OBJECT_NAME_MISMATCH"
  | "COMPOSEFS_IMAGE_NOT_CANONICAL"
  | "COMPOSEFS_OBJECT_LIST_INVALID";

const rewrite = "Write the medium again on the workstation and compare it there with `bootferry release verify`.";

export const COMPOSEFS_ERRORS: ErrorTable<ComposefsErrorCode> = {
  COMPOSEFS_DIGEST_INVALID: {
    exit: EXIT.failed,
    remedy:
      "An image digest is written `v1-sha256-12:` and 64 lower-case hexadecimal digits, an object's digest the digits alone.",
  },
  COMPOSEFS_CONTENT_SIZE_MISMATCH: {
    exit: EXIT.failed,
    remedy: "Build or export the image again with podman, docker, buildah or skopeo.",
  },
  COMPOSEFS_TREE_UNSUPPORTED: {
    exit: EXIT.failed,
    remedy: "Change or remove the named file in the image; the limits stand in bundle-format/tree.md.",
  },
  COMPOSEFS_IMAGE_UNSUPPORTED: {
    exit: EXIT.failed,
    remedy: "Create the release again with this version of bootferry, or update bootferry on the device first.",
  },
  COMPOSEFS_IMAGE_TOO_LARGE: {
    exit: EXIT.failed,
    remedy: "Remove what the image does not need, or split it; the limits stand in bundle-format/tree.md.",
  },
  COMPOSEFS_IMAGE_CORRUPT: { exit: EXIT.medium, remedy: rewrite },
  COMPOSEFS_OBJECT_NAME_MISMATCH: { exit: EXIT.medium, remedy: rewrite },
  COMPOSEFS_IMAGE_NOT_CANONICAL: {
    exit: EXIT.medium,
    remedy:
      "Create the release again with bootferry: this image was not written by it or by mkcomposefs, and is refused even if a kernel would mount it.",
  },
  COMPOSEFS_OBJECT_LIST_INVALID: {
    exit: EXIT.medium,
    remedy: "Write the delta again with `bootferry release copy --base`, or bring the full release.",
  },
};

export class ComposefsError extends CodedError<ComposefsErrorCode> {
  constructor(code: ComposefsErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, COMPOSEFS_ERRORS, options);
  }
}
