/** What a device remembers once it trusts another root. Pure. */
import type { Digest } from "../oci/digest.ts";
import { formatEnvelope } from "../trust/dsse.ts";
import { newestOf, replacesReleaseKeys } from "../trust/root-chain.ts";
import type { TrustState } from "../trust/state.ts";
import type { RootChain } from "./trust-root.ts";

export interface RememberedRoot {
  readonly state: TrustState;
  /** Whether the floors were dropped: nothing that was signed before can pass any more. */
  readonly isRecovery: boolean;
}

/**
 * @param chain from the root that was trusted so far to the one that is trusted now
 * @param present payload digests of everything that is deployed
 */
export function rememberRoot(state: TrustState, chain: RootChain, present: readonly Digest[]): RememberedRoot {
  const [old] = chain;
  const { version, digest, envelope, document } = newestOf(chain);
  if (state.root?.digest === digest) return { state, isRecovery: false };
  const known = new Set(state.chain.map((root) => root.digest));
  const steps = chain.filter((root) => !known.has(root.digest));
  // BF-3.16: between the first and the last root, since what was confirmed here was signed under the first. A device that
  // remembers no root has found its floors again, or never had any: they are kept.
  const isRecovery = state.root !== null && replacesReleaseKeys(old, newestOf(chain));
  const recovered = { floors: {}, timeFloorUtc: document.createdAt, disregarded: [...new Set(present)] };
  return {
    isRecovery,
    state: {
      ...state,
      root: { version, digest, envelope: formatEnvelope(envelope).toString("utf8") },
      chain: [...state.chain, ...steps.map((root) => ({ version: root.version, digest: root.digest }))],
      ...(isRecovery ? recovered : {}),
    },
  };
}
