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
  const clock = synchronisedNowUtc === undefined ? null : formatUtcTime(synchronisedNowUtc);
  // BF-6.5: the later of the two decides; one spelling for each time makes text order time order
  const isPast = [timeFloorUtc, clock].some((time) => time !== null && time >= expiresAt);
  return isPast ? { kind: "expired", since: expiresAt } : { kind: "valid" };
}
