/** Whether the keys that sign a release count on devices with a given root, and how many signatures are still wanted. */
import type { KeyId, PublicKey } from "../trust/keys.ts";
import type { TrustedRoot } from "../trust/root.ts";
import { ReleaseError } from "./error.ts";

const SIGNING_ROLES = ["release", "countersign"] as const;

/** The keys of the root that sign releases in any role; revoked ones are left out. */
export function signingKeys(root: TrustedRoot): readonly PublicKey[] {
  return SIGNING_ROLES.flatMap((role) => root.roleKeys(role)?.keys ?? []);
}

/** @throws ReleaseError RELEASE_KEY_NOT_TRUSTED when a key holds no role that signs releases, or is revoked */
export function verifySignerRoles(keyIds: readonly KeyId[], root: TrustedRoot): void {
  const trusted = signingKeys(root).map((key) => key.keyId);
  const stranger = keyIds.find((keyId) => !trusted.includes(keyId));
  if (stranger === undefined) return;
  const message = `key ${stranger} may not sign releases under root version ${root.version}`;
  throw new ReleaseError("RELEASE_KEY_NOT_TRUSTED", message);
}

/** How many further signatures each role wants; empty when devices will accept the release as it is. */
export function missingSignatures(
  keyIds: readonly KeyId[],
  root: TrustedRoot,
): readonly { readonly role: string; readonly count: number }[] {
  return SIGNING_ROLES.flatMap((role) => {
    const rule = root.roleKeys(role);
    if (rule === undefined) return [];
    const have = rule.keys.filter((key) => keyIds.includes(key.keyId)).length;
    return have < rule.threshold ? [{ role, count: rule.threshold - have }] : [];
  });
}
