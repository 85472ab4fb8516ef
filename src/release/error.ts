/** What can go wrong on the workstation between an image and a signed release on a medium. */
import { CodedError, type ErrorTable, EXIT } from "../error.ts";

export type ReleaseErrorCode =
  | "RELEASE_SOURCE_INVALID"
  | "RELEASE_SOURCE_AMBIGUOUS"
  | "RELEASE_SOURCE_NO_IMAGE"
  | "RELEASE_ARCHIVE_INVALID"
  | "RELEASE_SKOPEO_MISSING"
  | "RELEASE_ARCHITECTURE_AMBIGUOUS"
  | "RELEASE_ARCHITECTURE_MISSING"
  | "RELEASE_IMAGE_INCONSISTENT"
  | "RELEASE_DIFF_ID_MISMATCH"
  | "RELEASE_NO_KERNEL"
  | "RELEASE_SEVERAL_KERNELS"
  | "RELEASE_APP_NAME_INVALID"
  | "RELEASE_APP_DIFFERS"
  | "RELEASE_BOUND_IMAGE_INVALID"
  | "RELEASE_BOUND_IMAGE_MISSING"
  | "RELEASE_VERSION_MISSING"
  | "RELEASE_SEQUENCE_UNKNOWN"
  | "RELEASE_ALREADY_EXISTS"
  | "RELEASE_TARGET_DUPLICATE"
  | "RELEASE_NOT_FOUND"
  | "RELEASE_AMBIGUOUS"
  | "RELEASE_KEY_NOT_TRUSTED"
  | "RELEASE_FILE_INVALID"
  | "RELEASE_UNSIGNED"
  | "RELEASE_INCOMPLETE"
  | "RELEASE_WRITTEN_DIFFERS"
  | "RELEASE_BASE_NOT_FOUND"
  | "RELEASE_BASE_UNSUITABLE"
  | "RELEASE_BASE_INCOMPLETE"
  | "RELEASE_DELTA_ONLY"
  | "RELEASE_DELTA_INVALID"
  | "RELEASE_DELTA_TOO_LARGE"
  | "RELEASE_REGISTRY_REFERENCE_INVALID"
  | "RELEASE_REGISTRY_UNREACHABLE"
  | "RELEASE_REGISTRY_UNAUTHORIZED"
  | "RELEASE_REGISTRY_TLS"
  | "RELEASE_REGISTRY_UNKNOWN"
  | "RELEASE_REGISTRY_NOT_A_RELEASE"
  | "RELEASE_REGISTRY_TAG_TAKEN"
  | "RELEASE_REGISTRY_DIFFERS"
  | "RELEASE_REGISTRY_FAILED";

export const RELEASE_ERRORS: ErrorTable<ReleaseErrorCode> = {
  RELEASE_SOURCE_INVALID: {
    exit: EXIT.usage,
    remedy:
      "Name the image as oci:DIR[:TAG], oci-archive:FILE[:TAG], docker://NAME, containers-storage:NAME, docker-daemon:NAME or docker-archive:FILE.",
  },
  RELEASE_SOURCE_AMBIGUOUS: {
    exit: EXIT.usage,
    remedy: "Name one of the listed tags after the directory: oci:DIR:TAG.",
  },
  RELEASE_SOURCE_NO_IMAGE: {
    exit: EXIT.failed,
    remedy: "Check the directory and the tag; `skopeo list-tags oci:DIR` or index.json shows what is there.",
  },
  RELEASE_ARCHIVE_INVALID: {
    exit: EXIT.failed,
    remedy:
      "Make the archive again, for example with `podman save --format oci-archive` or `skopeo copy … oci-archive:FILE`.",
  },
  RELEASE_SKOPEO_MISSING: {
    exit: EXIT.failed,
    remedy:
      "Install skopeo (Debian, Ubuntu and Fedora: package skopeo), or export the image yourself and name it as oci:DIR or oci-archive:FILE.",
  },
  RELEASE_ARCHITECTURE_AMBIGUOUS: {
    exit: EXIT.usage,
    remedy: "Choose with --arch (repeatable), or carry all of them with --all-architectures.",
  },
  RELEASE_ARCHITECTURE_MISSING: {
    exit: EXIT.failed,
    remedy: "Choose one of the listed architectures with --arch, or build the image for the wanted one.",
  },
  RELEASE_IMAGE_INCONSISTENT: {
    exit: EXIT.failed,
    remedy:
      "Build or export the image again with podman, docker, buildah or skopeo; it must be a Linux container image.",
  },
  RELEASE_DIFF_ID_MISMATCH: {
    exit: EXIT.failed,
    remedy: "Build or export the image again: the layer is not the one that the image's config names.",
  },
  RELEASE_NO_KERNEL: {
    exit: EXIT.failed,
    remedy:
      "Put the kernel into the image at /usr/lib/modules/VERSION/vmlinuz, or use --no-tree for a release that only bootc hosts install.",
  },
  RELEASE_SEVERAL_KERNELS: {
    exit: EXIT.failed,
    remedy: "Remove all kernels but one from the image: a device must not have to guess which one to boot.",
  },
  RELEASE_APP_NAME_INVALID: {
    exit: EXIT.usage,
    remedy:
      "Name the app as the device's quadlets name it, with the registry and a tag or a digest: --app docker.io/acme/ui:7=SOURCE.",
  },
  RELEASE_APP_DIFFERS: {
    exit: EXIT.failed,
    remedy:
      "Give the app the name that the system image binds, letter for letter. A digest in a name must be that of the manifest for the target's architecture, not that of an index of several; a tag does for all of them.",
  },
  RELEASE_BOUND_IMAGE_INVALID: {
    exit: EXIT.failed,
    remedy:
      "Mend the image: /usr/lib/bootc/bound-images.d holds symbolic links to .image and .container quadlets of the image itself, whose Image= is a full name without specifiers (docs/bound-images.md).",
  },
  RELEASE_BOUND_IMAGE_MISSING: {
    exit: EXIT.failed,
    remedy:
      "Say where the bound image is with --app NAME=SOURCE (SOURCE as for the system image), or mend what kept skopeo from fetching it: a device without a network can get it from the medium alone.",
  },
  RELEASE_VERSION_MISSING: {
    exit: EXIT.usage,
    remedy: "Give --release-version, or label the image with org.opencontainers.image.version.",
  },
  RELEASE_SEQUENCE_UNKNOWN: {
    exit: EXIT.usage,
    remedy: "Give the number with --sequence N: one more than the last release of this name that any device was given.",
  },
  RELEASE_ALREADY_EXISTS: {
    exit: EXIT.failed,
    remedy: "Use a new version and a higher sequence, or take the old one away first with `bootferry release remove`.",
  },
  RELEASE_TARGET_DUPLICATE: {
    exit: EXIT.usage,
    remedy: "Give each device type (compatible) one image per architecture.",
  },
  RELEASE_NOT_FOUND: { exit: EXIT.failed, remedy: "`bootferry release list` shows the releases of a medium." },
  RELEASE_AMBIGUOUS: {
    exit: EXIT.usage,
    remedy: "Say which one with --release NAME@VERSION or --release sha256:…; `bootferry release list` shows them.",
  },
  RELEASE_KEY_NOT_TRUSTED: {
    exit: EXIT.failed,
    remedy: "Sign with a key that holds the role; `bootferry root show` lists them by key id.",
  },
  RELEASE_FILE_INVALID: {
    exit: EXIT.usage,
    remedy: "Name a file that `bootferry release create --unsigned FILE` has written, or a copy of it.",
  },
  RELEASE_UNSIGNED: {
    exit: EXIT.notTrusted,
    remedy: "Have the holders of release keys sign the file with `bootferry release sign FILE` first.",
  },
  RELEASE_INCOMPLETE: {
    exit: EXIT.medium,
    remedy:
      "Attach to the medium that `bootferry release create --unsigned` has filled; another one gets the same images by the same command with the same SOURCE_DATE_EPOCH.",
  },
  RELEASE_WRITTEN_DIFFERS: {
    exit: EXIT.medium,
    remedy:
      "Run the command again, it replaces what is damaged; if it fails again the medium is worn out: use another one.",
  },
  RELEASE_BASE_NOT_FOUND: {
    exit: EXIT.failed,
    remedy:
      "Name with --base-from a medium or directory that holds the base release, in full or as a delta; `bootferry release list` shows what it holds.",
  },
  RELEASE_BASE_UNSUITABLE: {
    exit: EXIT.usage,
    remedy:
      "Name a base that has a target for the same kind of device and architecture, or make a release of its own for the kinds that it lacks.",
  },
  RELEASE_BASE_INCOMPLETE: {
    exit: EXIT.medium,
    remedy:
      "Check the place that holds the base with `bootferry release verify`, or name another one with --base-from.",
  },
  RELEASE_DELTA_ONLY: {
    exit: EXIT.failed,
    remedy:
      "Use a medium or directory that holds the release in full: a delta lacks what its base has, and that cannot be made up here.",
  },
  RELEASE_DELTA_INVALID: {
    exit: EXIT.medium,
    remedy: "Write the delta again with `bootferry release copy --base`, from a place that holds the release in full.",
  },
  RELEASE_DELTA_TOO_LARGE: {
    exit: EXIT.failed,
    remedy: "Carry the release in full: so much is new that its layers are the better way.",
  },
  RELEASE_REGISTRY_REFERENCE_INVALID: {
    exit: EXIT.usage,
    remedy:
      "Name the place as docker://HOST[:PORT]/REPOSITORY[:TAG], for example docker://registry.example/site/kiosk-os:stable.",
  },
  RELEASE_REGISTRY_UNREACHABLE: {
    exit: EXIT.failed,
    remedy:
      "Check host and port, and that the registry runs and this computer reaches it; `curl https://HOST/v2/` must answer.",
  },
  RELEASE_REGISTRY_UNAUTHORIZED: {
    exit: EXIT.failed,
    remedy:
      "Log in with `skopeo login HOST`, or name the file of `skopeo login --authfile FILE HOST` with --authfile; the account must be allowed to read, and for a push to write, the repository.",
  },
  RELEASE_REGISTRY_TLS: {
    exit: EXIT.failed,
    remedy:
      "Name a directory that holds the certificate of the registry's authority as ca.crt with --cert-dir; --tls-verify=false is for a registry without TLS, or one whose certificate nobody is to check.",
  },
  RELEASE_REGISTRY_UNKNOWN: {
    exit: EXIT.failed,
    remedy: "Check repository and tag; `skopeo list-tags docker://HOST/REPOSITORY` shows what is there.",
  },
  RELEASE_REGISTRY_NOT_A_RELEASE: {
    exit: EXIT.failed,
    remedy:
      "Name a tag that `bootferry release push` has pushed to: beside it stands one that ends in `.release` (`skopeo list-tags docker://HOST/REPOSITORY`).",
  },
  RELEASE_REGISTRY_TAG_TAKEN: {
    exit: EXIT.failed,
    remedy:
      "Push to another tag or repository; or move the tag with --replace, after which all hosts that follow it go to this release.",
  },
  RELEASE_REGISTRY_DIFFERS: {
    exit: EXIT.notTrusted,
    remedy:
      "Run the command again; if it fails again the registry, or something on the way to it, alters what it holds: push the release again, and have its operator look.",
  },
  RELEASE_REGISTRY_FAILED: {
    exit: EXIT.failed,
    remedy:
      "Read skopeo's own message above and run the command again; it needs skopeo 1.9 or later and a registry that takes OCI artifacts.",
  },
};

export class ReleaseError extends CodedError<ReleaseErrorCode> {
  constructor(code: ReleaseErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, RELEASE_ERRORS, options);
  }
}
