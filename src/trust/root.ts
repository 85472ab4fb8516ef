/**
 * A root that may be trusted: a root document whose own root keys have signed it in sufficient number.
 *
 * That it is signed by itself says that it is intact, not that it is ours: the first root of a device comes with its
 * image or its configuration (bundle-format/spec.md, section 3).
 */
import { type Digest, digestOf } from "../oci/digest.ts";
import { type Envelope, parseEnvelope, type SignatureRule, signPayload, verifyEnvelope } from "./dsse.ts";
import { TrustError } from "./error.ts";
import { formatPublicKeyDer, type KeyId, type PublicKey } from "./keys.ts";
import {
  formatRootDocument,
  parseRootDocument,
  ROOT_SPEC_VERSION,
  type Role,
  type RootDocument,
  usableKeys,
} from "./root-document.ts";
import type { Signer } from "./signer.ts";

declare const trustedRoot: unique symbol;

export const ROOT_PAYLOAD_TYPE = "application/vnd.bootferry.root.v1+json";

export interface RoleKeys {
  /** Revoked keys are left out. */
  readonly keys: readonly PublicKey[];
  readonly threshold: number;
}

/** Made by {@link parseRoot} alone. */
export interface TrustedRoot {
  readonly [trustedRoot]: true;
  readonly document: RootDocument;
  readonly version: number;
  /** Of the signed payload, whoever signed it. */
  readonly digest: Digest;
  /** As received: the next root is held against it, and it is handed on byte for byte. */
  readonly envelope: Envelope;
  /** The keys whose signatures made it acceptable, sorted. */
  readonly signedBy: readonly KeyId[];
  /** Undefined for a role that this root does not define. */
  roleKeys(role: Role): RoleKeys | undefined;
}

export interface RoleDraft {
  readonly keys: readonly PublicKey[];
  readonly threshold: number;
}

export interface RootDraft {
  readonly version: number;
  readonly createdAt: string;
  readonly expiresAt: string | null;
  readonly roles: {
    readonly root: RoleDraft;
    readonly release: RoleDraft;
    readonly countersign?: RoleDraft | undefined;
  };
  /** Who holds a key, for people. */
  readonly labels?: ReadonlyMap<KeyId, string>;
  readonly revokedKeys?: readonly KeyId[];
  readonly revokedReleases?: readonly Digest[];
  /** By release name: what devices refuse below, whatever they have confirmed. */
  readonly minSequences?: Readonly<Record<string, number>>;
  /** Payload digests of releases that devices may go back to. */
  readonly downgrades?: readonly Digest[];
  /** By release name: the names that a device which has it may follow instead. */
  readonly successors?: Readonly<Record<string, readonly string[]>>;
}

/**
 * Reads the envelope of a root document and checks it against the root role that it defines itself.
 * @throws TrustError TRUST_ENVELOPE_INVALID, TRUST_PAYLOAD_TYPE, TRUST_ROOT_INVALID, TRUST_ROOT_VERSION_UNSUPPORTED,
 * TRUST_KEY_UNKNOWN, TRUST_SIGNATURE_INVALID, TRUST_THRESHOLD_NOT_MET
 */
export function parseRoot(bytes: Uint8Array): TrustedRoot {
  const envelope = parseEnvelope(bytes);
  refuseOtherTypes(envelope);
  const document = parseRootDocument(envelope.payload);
  const { payload, signedBy } = verifyEnvelope(envelope, rootRule(document)); // BF-3.3
  const root: Omit<TrustedRoot, typeof trustedRoot> = {
    document,
    version: document.version,
    digest: digestOf(payload),
    envelope,
    signedBy,
    roleKeys(role) {
      const entry = document.roles[role];
      return entry === undefined ? undefined : { keys: usableKeys(document, role), threshold: entry.threshold };
    },
  };
  return root as TrustedRoot;
}

/** What the root keys of `document` must have signed for a root to stand under them. */
export function rootRule(document: RootDocument): SignatureRule {
  return {
    payloadType: ROOT_PAYLOAD_TYPE,
    role: "root",
    keys: usableKeys(document, "root"),
    threshold: document.roles.root.threshold,
    revokedKeys: document.revokedKeys,
  };
}

/** BF-2.5: the type comes first, so that a release is never taken for a malformed root. */
function refuseOtherTypes({ payloadType }: Envelope): void {
  if (payloadType === ROOT_PAYLOAD_TYPE) return;
  throw new TrustError(
    "TRUST_PAYLOAD_TYPE",
    `payload type: expected "${ROOT_PAYLOAD_TYPE}", got ${JSON.stringify(payloadType)}`,
  );
}

/**
 * Makes a root document of a draft and has it signed. It may still lack signatures: `addSignature` adds more.
 * @throws TrustError TRUST_ROOT_INVALID, and whatever a signer throws
 */
export async function createRoot(draft: RootDraft, signers: readonly Signer[]): Promise<Envelope> {
  return signPayload(ROOT_PAYLOAD_TYPE, formatRootDocument(documentOfDraft(draft)), signers);
}

function documentOfDraft(draft: RootDraft): RootDocument {
  const { root, release, countersign } = draft.roles;
  const keys = new Map<KeyId, PublicKey>();
  for (const role of [root, release, countersign]) for (const key of role?.keys ?? []) keys.set(key.keyId, key);
  const roleOf = (role: RoleDraft) => ({ keyIds: role.keys.map((key) => key.keyId).sort(), threshold: role.threshold });
  return {
    specVersion: ROOT_SPEC_VERSION,
    version: draft.version,
    createdAt: draft.createdAt,
    expiresAt: draft.expiresAt,
    keys: [...keys.values()]
      .toSorted((a, b) => (a.keyId < b.keyId ? -1 : 1))
      .map((key) => ({
        keyId: key.keyId,
        keyType: "ed25519" as const,
        publicKey: formatPublicKeyDer(key).toString("base64"),
        label: draft.labels?.get(key.keyId) ?? "",
      })),
    roles: {
      root: roleOf(root),
      release: roleOf(release),
      ...(countersign === undefined ? {} : { countersign: roleOf(countersign) }),
    },
    revokedKeys: [...(draft.revokedKeys ?? [])].sort(),
    revokedReleases: [...(draft.revokedReleases ?? [])].sort(),
    minSequences: Object.fromEntries(sortedEntries(draft.minSequences)),
    downgrades: [...(draft.downgrades ?? [])].sort(),
    successors: Object.fromEntries(sortedEntries(draft.successors).map(([name, names]) => [name, [...names].sort()])),
  };
}

function sortedEntries<T>(byName: Readonly<Record<string, T>> = {}): [string, T][] {
  return Object.entries(byName).toSorted(([a], [b]) => (a < b ? -1 : 1));
}
