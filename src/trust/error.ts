/** What can be wrong with keys, signatures, root documents and the memory of what this device has trusted. */
import { CodedError, type ErrorTable, EXIT } from "../error.ts";

export type TrustErrorCode =
  | "TRUST_KEY_INVALID"
  | "TRUST_KEY_TYPE"
  | "TRUST_PASSPHRASE_NEEDED"
  | "TRUST_PASSPHRASE_WRONG"
  | "TRUST_SIGNER_FAILED"
  | "TRUST_ENVELOPE_INVALID"
  | "TRUST_PAYLOAD_TYPE"
  | "TRUST_SIGNATURE_INVALID"
  | "TRUST_SIGNATURE_UNFIT"
  | "TRUST_PAYLOADS_DIFFER"
  | "TRUST_KEY_UNKNOWN"
  | "TRUST_KEY_REVOKED"
  | "TRUST_THRESHOLD_NOT_MET"
  | "TRUST_ROLE_MISSING"
  | "TRUST_ROOT_INVALID"
  | "TRUST_ROOT_VERSION_UNSUPPORTED"
  | "TRUST_ROOT_NOT_SUCCESSOR"
  | "TRUST_RELEASE_REVOKED"
  | "TRUST_SEQUENCE_OLDER"
  | "TRUST_SEQUENCE_CONFLICT"
  | "TRUST_SEQUENCE_BELOW_MINIMUM"
  | "TRUST_NAME_NOT_PERMITTED"
  | "TRUST_EXPIRED"
  | "TRUST_ROOT_EXPIRED"
  | "TRUST_STATE_INVALID"
  | "TRUST_STATE_VERSION";

const askPublisher =
  "Do not use this medium; ask whoever publishes your releases for a new one and tell them this code.";

export const TRUST_ERRORS: ErrorTable<TrustErrorCode> = {
  TRUST_KEY_INVALID: {
    exit: EXIT.usage,
    remedy:
      "Name a PEM file with an ed25519 key; `bootferry key generate` or `openssl genpkey -algorithm ed25519` makes one.",
  },
  TRUST_KEY_TYPE: {
    exit: EXIT.usage,
    remedy: "Use an ed25519 key; `bootferry key generate` or `openssl genpkey -algorithm ed25519` makes one.",
  },
  TRUST_PASSPHRASE_NEEDED: {
    exit: EXIT.usage,
    remedy:
      "Give the passphrase of the key by prompt, by file or by environment variable; see `bootferry release sign --help`.",
  },
  TRUST_PASSPHRASE_WRONG: {
    exit: EXIT.usage,
    remedy: "Give the right passphrase; `openssl pkey -in KEY -noout` asks for the same one and tells whether it fits.",
  },
  TRUST_SIGNER_FAILED: {
    exit: EXIT.failed,
    remedy:
      "Check that the signer command writes the 64 raw bytes of an ed25519 signature to standard output and that it uses the private half of the named public key.",
  },
  TRUST_ENVELOPE_INVALID: { exit: EXIT.notTrusted, remedy: askPublisher },
  TRUST_PAYLOAD_TYPE: { exit: EXIT.notTrusted, remedy: askPublisher },
  TRUST_SIGNATURE_INVALID: { exit: EXIT.notTrusted, remedy: askPublisher },
  TRUST_SIGNATURE_UNFIT: {
    exit: EXIT.notTrusted,
    remedy:
      "Have the holder of that key sign a fresh copy of the file; with --root a signature that fits is told from one that does not.",
  },
  TRUST_PAYLOADS_DIFFER: {
    exit: EXIT.failed,
    remedy:
      "Name only copies of one file: compare the payload digests that `bootferry release inspect FILE` or `bootferry root show FILE` prints.",
  },
  TRUST_KEY_UNKNOWN: {
    exit: EXIT.notTrusted,
    remedy:
      "Check that the medium is meant for this device: its release is signed by a key that the trusted root does not name. Sign it with a key of the root, or give the root that names this key.",
  },
  TRUST_KEY_REVOKED: {
    exit: EXIT.notTrusted,
    remedy:
      "Do not use this medium: its signing key was revoked. Ask the publisher for a release that is signed by a current key.",
  },
  TRUST_THRESHOLD_NOT_MET: {
    exit: EXIT.notTrusted,
    remedy:
      "Have the missing holders of release keys add their signatures with `bootferry release sign`, then bring the medium again.",
  },
  TRUST_ROLE_MISSING: {
    exit: EXIT.notTrusted,
    remedy:
      "Have a holder of the named role add a signature with `bootferry release sign`, then bring the medium again.",
  },
  TRUST_ROOT_INVALID: {
    exit: EXIT.notTrusted,
    remedy:
      "Use an intact root document as made by `bootferry root create`; `bootferry root show` prints what one says.",
  },
  TRUST_ROOT_VERSION_UNSUPPORTED: {
    exit: EXIT.notTrusted,
    remedy: "Install a newer bootferry on this machine: the root document uses a format that this one does not know.",
  },
  TRUST_ROOT_NOT_SUCCESSOR: {
    exit: EXIT.notTrusted,
    remedy:
      "Bring every root document from the next version on, in order and without a gap; each must be signed by enough root keys of the one before it.",
  },
  TRUST_RELEASE_REVOKED: {
    exit: EXIT.notTrusted,
    remedy: "Do not install this release: its publisher withdrew it. Ask for the release that replaces it.",
  },
  TRUST_SEQUENCE_OLDER: {
    exit: EXIT.notTrusted,
    remedy:
      "Bring a medium with a newer release. To go back to what ran before on this device use `bootferry os rollback`, which needs no medium.",
  },
  TRUST_SEQUENCE_CONFLICT: {
    exit: EXIT.notTrusted,
    remedy:
      "Ask the publisher which of the two releases is right and to publish it again under a higher sequence number.",
  },
  TRUST_SEQUENCE_BELOW_MINIMUM: {
    exit: EXIT.notTrusted,
    remedy: "Bring a medium with a newer release: the publisher's root document lets no device take this one any more.",
  },
  TRUST_NAME_NOT_PERMITTED: {
    exit: EXIT.notTrusted,
    remedy:
      "Bring a medium with the release that this device has, or one with a root document whose successors allow the change to the other name.",
  },
  TRUST_EXPIRED: {
    exit: EXIT.notTrusted,
    remedy: "Bring a newer release. What is installed keeps running; only new installs of this release are refused.",
  },
  TRUST_ROOT_EXPIRED: {
    exit: EXIT.notTrusted,
    remedy:
      "Bring a medium with a newer root document. What is installed keeps running; only new installs are refused.",
  },
  TRUST_STATE_INVALID: {
    exit: EXIT.failed,
    remedy:
      "Nothing to do: the device makes the file again from its second copy, or from the deployments that it has confirmed.",
  },
  TRUST_STATE_VERSION: {
    exit: EXIT.failed,
    remedy: "Run the newer bootferry that wrote the trust state file; this older one must not guess what it means.",
  },
};

export class TrustError extends CodedError<TrustErrorCode> {
  constructor(code: TrustErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, TRUST_ERRORS, options);
  }
}
