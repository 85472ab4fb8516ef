/** What can be wrong with a layer: its archive, its names, its links, and how it changes the layers below it. */
import { CodedError, type ErrorTable, EXIT } from "../error.ts";

export type TreeErrorCode =
  | "TREE_ARCHIVE_TRUNCATED"
  | "TREE_ARCHIVE_INVALID"
  | "TREE_CHECKSUM_MISMATCH"
  | "TREE_NUMBER_INVALID"
  | "TREE_SIZE_INVALID"
  | "TREE_EXTENSION_INVALID"
  | "TREE_EXTENSION_TOO_LARGE"
  | "TREE_ENTRY_TYPE_UNSUPPORTED"
  | "TREE_SPARSE_UNSUPPORTED"
  | "TREE_NAME_INVALID"
  | "TREE_NAME_ABSOLUTE"
  | "TREE_NAME_PARENT"
  | "TREE_NAME_TOO_LONG"
  | "TREE_TOO_DEEP"
  | "TREE_TOO_LARGE"
  | "TREE_XATTR_INVALID"
  | "TREE_XATTR_TOO_LARGE"
  | "TREE_SYMLINK_INVALID"
  | "TREE_DEVICE_WHITEOUT"
  | "TREE_WHITEOUT_INVALID"
  | "TREE_THROUGH_SYMLINK"
  | "TREE_PARENT_NOT_DIRECTORY"
  | "TREE_ROOT_NOT_DIRECTORY"
  | "TREE_LINK_TARGET_MISSING"
  | "TREE_LINK_TO_DIRECTORY"
  | "TREE_MOUNT_POINT_INVALID";

const rebuild = "Build or export the image again with podman, docker, buildah or skopeo.";
const layerTool =
  "Rebuild the layer with a tool that writes plain OCI layers, such as podman, docker, buildah or umoci.";
const relativeNames =
  "Rebuild the layer with names relative to the root of the tree (`etc/hosts` or `./etc/hosts`); the tool that wrote it is at fault, or the image is hostile.";
const smaller = "Remove what the image does not need, or split it; the limits stand in bundle-format/tree.md.";

export const TREE_ERRORS: ErrorTable<TreeErrorCode> = {
  TREE_ARCHIVE_TRUNCATED: { exit: EXIT.failed, remedy: rebuild },
  TREE_ARCHIVE_INVALID: { exit: EXIT.failed, remedy: rebuild },
  TREE_CHECKSUM_MISMATCH: { exit: EXIT.failed, remedy: rebuild },
  TREE_NUMBER_INVALID: { exit: EXIT.failed, remedy: layerTool },
  TREE_SIZE_INVALID: { exit: EXIT.failed, remedy: layerTool },
  TREE_EXTENSION_INVALID: { exit: EXIT.failed, remedy: layerTool },
  TREE_EXTENSION_TOO_LARGE: { exit: EXIT.failed, remedy: layerTool },
  TREE_ENTRY_TYPE_UNSUPPORTED: { exit: EXIT.failed, remedy: layerTool },
  TREE_SPARSE_UNSUPPORTED: {
    exit: EXIT.failed,
    remedy: "Write the layer without sparse files (GNU tar: leave out --sparse); OCI layers should not hold any.",
  },
  TREE_NAME_INVALID: { exit: EXIT.failed, remedy: relativeNames },
  TREE_NAME_ABSOLUTE: { exit: EXIT.failed, remedy: relativeNames },
  TREE_NAME_PARENT: { exit: EXIT.failed, remedy: relativeNames },
  TREE_NAME_TOO_LONG: {
    exit: EXIT.failed,
    remedy: "Shorten the named path: Linux takes 255 bytes a name and 4095 bytes a path.",
  },
  TREE_TOO_DEEP: { exit: EXIT.failed, remedy: smaller },
  TREE_TOO_LARGE: { exit: EXIT.failed, remedy: smaller },
  TREE_XATTR_INVALID: {
    exit: EXIT.failed,
    remedy:
      "Remove or set again the extended attribute on the named file (`setfattr`, `setfacl`) and rebuild the image.",
  },
  TREE_XATTR_TOO_LARGE: {
    exit: EXIT.failed,
    remedy: "Make the extended attributes of the named file smaller: the limits stand in bundle-format/tree.md.",
  },
  TREE_SYMLINK_INVALID: {
    exit: EXIT.failed,
    remedy: "Give the named symbolic link a target of 1 to 4095 bytes and rebuild the image.",
  },
  TREE_DEVICE_WHITEOUT: {
    exit: EXIT.failed,
    remedy:
      "Remove the character device 0:0 from the image: it is overlayfs's mark of a deleted file, so the layer was packed from an overlay's upper directory by a tool that does not know OCI whiteouts.",
  },
  TREE_WHITEOUT_INVALID: {
    exit: EXIT.failed,
    remedy: "Rename the file: names that begin with `.wh.` are marks of deletion in OCI layers and cannot be stored.",
  },
  TREE_THROUGH_SYMLINK: {
    exit: EXIT.failed,
    remedy:
      "Store the entry under its real path (for instance usr/bin/tool where bin is a link to usr/bin), as docker, podman and buildah do; `COPY` into the real directory, not into the link.",
  },
  TREE_PARENT_NOT_DIRECTORY: {
    exit: EXIT.failed,
    remedy:
      "Delete the file that stands where the directory should be in an earlier build step, then rebuild the image.",
  },
  TREE_ROOT_NOT_DIRECTORY: { exit: EXIT.failed, remedy: layerTool },
  TREE_LINK_TARGET_MISSING: {
    exit: EXIT.failed,
    remedy:
      "Rebuild the layer so that a hard link comes after the file that it links to; the archive may be incomplete.",
  },
  TREE_LINK_TO_DIRECTORY: { exit: EXIT.failed, remedy: layerTool },
  TREE_MOUNT_POINT_INVALID: {
    exit: EXIT.failed,
    remedy:
      "Make /dev, /proc, /run, /sys and /tmp directories (or symbolic links) in the image: the system mounts on them.",
  },
};

export class TreeError extends CodedError<TreeErrorCode> {
  constructor(code: TreeErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, TREE_ERRORS, options);
  }
}
