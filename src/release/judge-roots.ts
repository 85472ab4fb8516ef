/** What devices that have a chain of roots make of the roots that a medium carries. Pure. */
import type { CarriedRoot } from "../bundle/read-root.ts";
import type { TrustedRoot } from "../trust/root.ts";
import { extendRoot, newestOf } from "../trust/root-chain.ts";

export type RootChain = readonly [TrustedRoot, ...TrustedRoot[]];

export interface JudgedRoot extends CarriedRoot {
  /** `unfollowed`: it is newer, and nobody who trusts the given root would take it. */
  readonly kind: "known" | "older" | "followed" | "unfollowed";
}

/** The roots by version, ascending. */
export function judgeRoots(carried: readonly CarriedRoot[], chain: RootChain): readonly JudgedRoot[] {
  const newest = newestOf(chain);
  const steps = extendRoot(
    newest,
    carried.map(({ root }) => root),
  );
  const kindOf = (root: TrustedRoot): JudgedRoot["kind"] => {
    if (chain.some(({ digest }) => digest === root.digest)) return "known";
    if (steps.includes(root)) return "followed";
    return root.version <= newest.version ? "older" : "unfollowed";
  };
  return carried
    .map((found) => ({ ...found, kind: kindOf(found.root) }))
    .toSorted((a, b) => a.root.version - b.root.version);
}

/** The root under which such devices check releases. */
export function followedRoot(judged: readonly JudgedRoot[], chain: RootChain): TrustedRoot {
  return judged.findLast(({ kind }) => kind === "followed")?.root ?? newestOf(chain);
}
