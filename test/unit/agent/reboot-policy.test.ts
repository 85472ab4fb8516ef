import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { evaluateReboot, isInWindow } from "../../../src/agent/reboot-policy.ts";

const NOON = new Date("2026-11-20T12:00:00Z");
const unknown = { synchronisedNowUtc: undefined, isIdle: undefined };

describe("the reboot policy", () => {
  it.each([
    [{ policy: "now" }, unknown, "now"],
    [{ policy: "manual" }, unknown, "wait"],
    [{ policy: "idle" }, { ...unknown, isIdle: true }, "now"],
    [{ policy: "idle" }, { ...unknown, isIdle: false }, "wait"],
    [{ policy: "idle" }, unknown, "wait"],
    [{ policy: "window", window: "11:00-13:00" }, { ...unknown, synchronisedNowUtc: NOON }, "now"],
    [{ policy: "window", window: "13:00-14:00" }, { ...unknown, synchronisedNowUtc: NOON }, "wait"],
    [{ policy: "window", window: "11:00-13:00" }, unknown, "wait"],
  ] as const)("%j with %j: %s", (config, facts, kind) => {
    expect(evaluateReboot(config, facts).kind).toBe(kind);
  });

  it("says why a window does not open on a device whose clock nobody vouches for", () => {
    expect(evaluateReboot({ policy: "window", window: "11:00-13:00" }, unknown)).toMatchObject({
      why: expect.stringContaining("clock cannot be trusted"),
    });
  });
});

describe("a window", () => {
  it.each([
    ["02:00-04:30", "01:59", false],
    ["02:00-04:30", "02:00", true],
    ["02:00-04:30", "04:29", true],
    ["02:00-04:30", "04:30", false],
    ["22:00-04:00", "23:00", true],
    ["22:00-04:00", "00:00", true],
    ["22:00-04:00", "04:00", false],
    ["22:00-04:00", "12:00", false],
    ["06:00-06:00", "03:00", true],
  ])("%s at %s: %s", (window, time, expected) => {
    expect(isInWindow(window, new Date(`2026-11-20T${time}:00Z`))).toBe(expected);
  });

  it("and the one that begins where it ends share the day between them", () => {
    const time = fc
      .tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }))
      .map(([hours, minutes]) => `${String(hours).padStart(2, "0")}:${String(minutes).padStart(2, "0")}`);
    fc.assert(
      fc.property(time, time, time, (start, end, now) => {
        fc.pre(start !== end);
        const at = new Date(`2026-11-20T${now}:30Z`);
        expect(isInWindow(`${start}-${end}`, at)).toBe(!isInWindow(`${end}-${start}`, at));
      }),
    );
  });
});
