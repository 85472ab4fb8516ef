/**
 * Expiry on machines whose clock may lie: held against the newest time that was ever confirmed as signed, and against
 * the clock only when that is known to be synchronised (bundle-format/spec.md, section 6). Pure.
 */
import { formatUtcTime } from "./utc-time.ts";

export interface ExpiryFacts {
  /** As signed; null never expires. */
  readonly expiresAt: string | null;
  /** Of the trust state. */
  readonly timeFloorUtc: string | null;
  /** The clock, only when it is synchronised; undefined on a device that has no time to trust. */
  readonly synchronisedNowUtc?: Date | undefined;
}

export type ExpiryVerdict = { readonly kind: "valid" } | { readonly kind: "expired"; readonly since: string };

export function evaluateExpiry({ expiresAt, timeFloorUtc, synchronisedNowUtc }: ExpiryFacts): ExpiryVerdict {
  if (expiresAt === null) return { kind: "valid" };
  const clock = synchronisedNowUtc === undefined ? "" : formatUtcTime(synchronisedNowUtc);
  const floor = timeFloorUtc ?? "";
  const now = clock > floor ? clock : floor; // BF-6.5; one spelling: text order is time order
  return now >= expiresAt ? { kind: "expired", since: expiresAt } : { kind: "valid" };
}
