/**
 * The root after a given one: what is not changed is kept, revocations above all. Pure; whether enough holders of both have
 * signed it is another matter (root-standing.ts).
 */
import type { Digest } from "../oci/digest.ts";
import { formatPublicKeyDer, type KeyId, type PublicKey } from "./keys.ts";
import type { Role, RootDocument } from "./root-document.ts";

export interface RootChanges {
  readonly createdAt: string;
  /** Undefined keeps the old one. */
  readonly expiresAt: string | null | undefined;
  readonly add: readonly { readonly role: Role; readonly key: PublicKey; readonly label: string }[];
  readonly remove: readonly { readonly role: Role; readonly keyId: KeyId }[];
  readonly thresholds: Readonly<Partial<Record<Role, number | undefined>>>;
  /** They leave every role as well. */
  readonly revokeKeys: readonly KeyId[];
  readonly revokeReleases: readonly Digest[];
  readonly minSequences: readonly { readonly name: string; readonly sequence: number }[];
  readonly downgrades: readonly Digest[];
  readonly successors: readonly { readonly name: string; readonly successor: string }[];
  /** Leaves out the downgrades and successors that the old root permits. */
  readonly dropPermissions: boolean;
}

/** Version N+1 of `old`. It may break rules of documents: `formatRootDocument` says so. */
export function draftNextRoot(old: RootDocument, changes: RootChanges): RootDocument {
  const kept = changes.dropPermissions ? { downgrades: [], successors: {} } : old;
  const next = (role: Role) => nextRole(old, changes, role);
  const [root, release, countersign] = [next("root"), next("release"), next("countersign")];
  const used = new Set([root, release, countersign].flatMap(({ keyIds }) => keyIds));
  return {
    specVersion: old.specVersion,
    version: old.version + 1,
    createdAt: changes.createdAt,
    expiresAt: changes.expiresAt === undefined ? old.expiresAt : changes.expiresAt,
    keys: nextKeys(old, changes).filter(({ keyId }) => used.has(keyId)),
    roles: { root, release, ...(countersign.keyIds.length === 0 ? {} : { countersign }) },
    revokedKeys: sortedUnion(old.revokedKeys, changes.revokeKeys),
    revokedReleases: sortedUnion(old.revokedReleases, changes.revokeReleases),
    minSequences: sortedByName({
      ...old.minSequences,
      ...Object.fromEntries(changes.minSequences.map(({ name, sequence }) => [name, sequence])),
    }),
    downgrades: sortedUnion(kept.downgrades ?? [], changes.downgrades),
    successors: nextSuccessors(kept.successors ?? {}, changes.successors),
  };
}

function nextRole(old: RootDocument, { add, remove, revokeKeys, thresholds }: RootChanges, role: Role) {
  const before = old.roles[role];
  const goes = (keyId: KeyId) =>
    revokeKeys.includes(keyId) || remove.some((gone) => gone.role === role && gone.keyId === keyId);
  const added = add.filter((entry) => entry.role === role).map(({ key }) => key.keyId);
  const keyIds = sortedUnion(
    (before?.keyIds ?? []).filter((keyId) => !goes(keyId)),
    added,
  );
  return { keyIds, threshold: thresholds[role] ?? before?.threshold ?? 1 };
}

function nextKeys(old: RootDocument, { add }: RootChanges): RootDocument["keys"] {
  const keys = new Map(old.keys.map((entry) => [entry.keyId, entry]));
  for (const { key, label } of add) {
    if (keys.has(key.keyId)) continue;
    const publicKey = formatPublicKeyDer(key).toString("base64");
    keys.set(key.keyId, { keyId: key.keyId, keyType: "ed25519", publicKey, label });
  }
  return [...keys.values()].toSorted((a, b) => (a.keyId < b.keyId ? -1 : 1));
}

function nextSuccessors(
  kept: Readonly<Record<string, readonly string[]>>,
  added: RootChanges["successors"],
): Record<string, string[]> {
  const successors: Record<string, string[]> = {};
  for (const [name, names] of Object.entries(kept)) successors[name] = [...names];
  for (const { name, successor } of added) successors[name] = sortedUnion(successors[name] ?? [], [successor]);
  return sortedByName(successors);
}

function sortedUnion<T extends string>(a: readonly T[], b: readonly T[]): T[] {
  return [...new Set([...a, ...b])].sort();
}

function sortedByName<T>(record: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
