/** Whether a target has what the backend of a device deploys from. Pure. */
import type { Target, Tree } from "../bundle/statement.ts";
import type { VerifiedRelease } from "../bundle/verify-release.ts";
import { StoreError } from "../store/error.ts";

/**
 * The tree of the target, or null for a backend that deploys from the image itself.
 * @throws StoreError STORE_TREE_ABSENT
 */
export function requireTree(
  { needsTree }: { readonly needsTree: boolean },
  { name, version }: Pick<VerifiedRelease["statement"], "name" | "version">,
  target: Target,
): Tree | null {
  if (needsTree && target.tree === null) {
    throw new StoreError("STORE_TREE_ABSENT", `${name} ${version} has no tree for ${target.compatible}`);
  }
  return needsTree ? target.tree : null;
}
