/** What can be wrong with an OCI image layout, its documents and its blobs. */
import { CodedError, type ErrorTable, EXIT } from "../error.ts";

export type OciErrorCode =
  | "OCI_LAYOUT_MISSING"
  | "OCI_LAYOUT_UNSUPPORTED"
  | "OCI_JSON_INVALID"
  | "OCI_JSON_TOO_LARGE"
  | "OCI_JSON_TOO_DEEP"
  | "OCI_JSON_DUPLICATE_KEY"
  | "OCI_DOCUMENT_INVALID"
  | "OCI_DIGEST_INVALID"
  | "OCI_BLOB_MISSING"
  | "OCI_BLOB_UNREADABLE"
  | "OCI_BLOB_SIZE_MISMATCH"
  | "OCI_BLOB_DIGEST_MISMATCH"
  | "OCI_BLOB_TOO_LARGE"
  | "OCI_NOT_A_REGULAR_FILE"
  | "OCI_MEDIA_TYPE_UNKNOWN"
  | "OCI_LAYER_CORRUPT"
  | "OCI_LAYER_TOO_LARGE";

const rewrite = "Write the medium again on the workstation and compare it there with `bootferry release verify`.";
const remake = "Make the named document again on the workstation: it was damaged or altered, or another tool wrote it.";
const rebuild = "Build or export the image again with podman, docker, buildah or skopeo.";

export const OCI_ERRORS: ErrorTable<OciErrorCode> = {
  OCI_LAYOUT_MISSING: {
    exit: EXIT.medium,
    remedy:
      "Check that this is the right medium or directory: an OCI image layout holds the files oci-layout and index.json.",
  },
  OCI_LAYOUT_UNSUPPORTED: {
    exit: EXIT.medium,
    remedy: "Use an OCI image layout of version 1.0.0; export the image again with a current tool.",
  },
  OCI_JSON_INVALID: { exit: EXIT.medium, remedy: remake },
  OCI_JSON_TOO_LARGE: { exit: EXIT.medium, remedy: remake },
  OCI_JSON_TOO_DEEP: { exit: EXIT.medium, remedy: remake },
  OCI_JSON_DUPLICATE_KEY: { exit: EXIT.medium, remedy: remake },
  OCI_DOCUMENT_INVALID: { exit: EXIT.medium, remedy: rewrite },
  OCI_DIGEST_INVALID: {
    exit: EXIT.medium,
    remedy:
      "Digests are written `sha256:` and 64 lower-case hexadecimal digits; export the image again with a current tool.",
  },
  OCI_BLOB_MISSING: { exit: EXIT.medium, remedy: rewrite },
  OCI_BLOB_UNREADABLE: {
    exit: EXIT.medium,
    remedy: "Insert the medium again; if it fails again the medium is worn out: write the release to another one.",
  },
  OCI_BLOB_SIZE_MISMATCH: { exit: EXIT.medium, remedy: rewrite },
  OCI_BLOB_DIGEST_MISMATCH: { exit: EXIT.medium, remedy: rewrite },
  OCI_BLOB_TOO_LARGE: { exit: EXIT.medium, remedy: rewrite },
  OCI_NOT_A_REGULAR_FILE: {
    exit: EXIT.medium,
    remedy: "Write the medium again; its files and directories must be plain ones, with no links between them.",
  },
  OCI_MEDIA_TYPE_UNKNOWN: {
    exit: EXIT.failed,
    remedy: "Use layers of tar, tar+gzip or tar+zstd; `skopeo copy --dest-compress-format gzip` converts others.",
  },
  OCI_LAYER_CORRUPT: { exit: EXIT.failed, remedy: rebuild },
  OCI_LAYER_TOO_LARGE: { exit: EXIT.failed, remedy: rebuild },
};

export class OciError extends CodedError<OciErrorCode> {
  constructor(code: OciErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, OCI_ERRORS, options);
  }
}
