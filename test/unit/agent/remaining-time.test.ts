import { describe, expect, it } from "vitest";
import { openRemainingTime } from "../../../src/agent/remaining-time.ts";

const MIB = 2 ** 20;
const at = (doneBytes: number, phase: "checking" | "reading" = "reading") => ({
  ...{ phase, label: phase, doneBytes, totalBytes: 100 * MIB },
});

describe("the time that is left", () => {
  it("is not told before there is a rate to tell it from", () => {
    const remaining = openRemainingTime();
    expect(remaining(at(0), 0)).toBeNull();
    expect(remaining(at(50 * MIB), 1000)).toBeNull();
    expect(remaining(at(50 * MIB), 4000)).toBe(4);
  });

  it("follows a stick that becomes slow", () => {
    const remaining = openRemainingTime();
    remaining(at(0), 0);
    expect(remaining(at(40 * MIB), 10_000)).toBe(15); // 4 MiB/s
    for (let second = 11; second <= 40; second++) remaining(at((40 + second / 10) * MIB), second * 1000);
    expect(remaining(at(44.1 * MIB), 41_000)).toBe(559); // 0.1 MiB/s
  });

  it("is unknown while nothing moves, and nothing at the end", () => {
    const remaining = openRemainingTime();
    remaining(at(10 * MIB), 0);
    expect(remaining(at(10 * MIB), 15_000)).toBeNull();
    expect(remaining(at(100 * MIB), 16_000)).toBe(0);
  });

  it("begins anew with each phase", () => {
    const remaining = openRemainingTime();
    remaining(at(0, "checking"), 0);
    expect(remaining(at(90 * MIB, "checking"), 5000)).toBe(1);
    expect(remaining(at(90 * MIB), 6000)).toBeNull();
  });
});
