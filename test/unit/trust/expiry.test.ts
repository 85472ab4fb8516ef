import { describe, expect, it } from "vitest";
import { evaluateExpiry } from "../../../src/trust/expiry.ts";

const expiresAt = "2026-12-01T00:00:00Z";
const valid = { kind: "valid" };
const expired = { kind: "expired", since: expiresAt };

describe("expiry", () => {
  it.each([
    ["a release that never expires", { expiresAt: null, timeFloorUtc: "9999-01-01T00:00:00Z" }, valid],
    ["a device that knows no time", { expiresAt, timeFloorUtc: null }, valid],
    ["a time floor before it", { expiresAt, timeFloorUtc: "2026-11-30T23:59:59Z" }, valid],
    ["a time floor at its second", { expiresAt, timeFloorUtc: expiresAt }, expired],
    [
      "a clock before it",
      { expiresAt, timeFloorUtc: null, synchronisedNowUtc: new Date("2026-11-30T23:59:59.999Z") },
      valid,
    ],
    ["a clock at its second", { expiresAt, timeFloorUtc: null, synchronisedNowUtc: new Date(expiresAt) }, expired],
    [
      "a clock behind the floor",
      { expiresAt, timeFloorUtc: "2027-01-01T00:00:00Z", synchronisedNowUtc: new Date(0) },
      expired,
    ],
    [
      "a clock ahead of the floor",
      { expiresAt, timeFloorUtc: "2026-01-01T00:00:00Z", synchronisedNowUtc: new Date("2027-01-01") },
      expired,
    ],
  ])("is held against the later of floor and synchronised clock: %s", (_, facts, verdict) => {
    expect(evaluateExpiry(facts)).toEqual(verdict);
  });

  it("never comes of a clock that nobody vouches for, and never goes by it either (BF-6.16)", () => {
    const unsynchronised = { expiresAt, synchronisedNowUtc: undefined };
    expect(evaluateExpiry({ ...unsynchronised, timeFloorUtc: "2026-11-30T00:00:00Z" })).toEqual(valid);
    expect(evaluateExpiry({ ...unsynchronised, timeFloorUtc: "2027-01-01T00:00:00Z" })).toEqual(expired);
  });
});
