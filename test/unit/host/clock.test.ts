import { describe, expect, it } from "vitest";
import { fixedClock, systemClock } from "../../../src/host/clock.ts";

describe("a clock", () => {
  it("stands still where it was set", () => {
    const clock = fixedClock(1_795_000_000);
    expect(clock.nowUtc().toISOString()).toBe("2026-11-18T11:06:40.000Z");
    expect(clock.nowUtc()).toEqual(clock.nowUtc());
  });

  it("gives the system's time otherwise", () => {
    const before = Date.now();
    const now = systemClock.nowUtc().getTime();
    expect(now).toBeGreaterThanOrEqual(before);
    expect(now).toBeLessThanOrEqual(Date.now());
  });
});
