/** A clock that moves on by a fixed step each time it is looked at: time passes in a test without waiting for it. */
import type { Clock } from "../../src/host/clock.ts";

export function steppedClock(stepMs: number, startMs = Date.UTC(2026, 0, 1)): Clock {
  let nowMs = startMs - stepMs;
  return {
    nowUtc() {
      nowMs += stepMs;
      return new Date(nowMs);
    },
  };
}
