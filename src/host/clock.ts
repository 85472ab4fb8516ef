/** Time as a parameter. Devices without an RTC have a clock that lies; the trust room decides what to believe. */

export interface Clock {
  nowUtc(): Date;
}

export const systemClock: Clock = { nowUtc: () => new Date() };

/** A clock that stands still: for `SOURCE_DATE_EPOCH` (reproducible-builds.org) and for tests. */
export function fixedClock(epochSeconds: number): Clock {
  return { nowUtc: () => new Date(epochSeconds * 1000) };
}
