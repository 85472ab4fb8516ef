import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatUtcTime, utcTimeSchema } from "../../../src/trust/utc-time.ts";

const isTime = (text: string) => utcTimeSchema.safeParse(text).success;

describe("points in time", () => {
  it("have one spelling, whose order is their order", () => {
    const time = fc.date({ min: new Date("0000-01-01"), max: new Date("9999-12-31T23:59:59Z"), noInvalidDate: true });
    fc.assert(
      fc.property(time, time, (a, b) => {
        const [left, right] = [formatUtcTime(a), formatUtcTime(b)];
        expect(isTime(left)).toBe(true);
        expect(Date.parse(left)).toBe(Math.floor(a.getTime() / 1000) * 1000);
        if (Math.floor(a.getTime() / 1000) < Math.floor(b.getTime() / 1000)) expect(left < right).toBe(true);
      }),
    );
  });

  it.each([
    "2026-11-31T00:00:00Z",
    "2026-02-29T00:00:00Z",
    "2026-11-20T24:00:00Z",
    "2026-11-20T23:59:60Z",
    "2026-11-20T10:00:00.000Z",
    "2026-11-20T10:00:00+00:00",
    "2026-11-20t10:00:00z",
    "2026-11-20",
    "1795000000",
    "",
  ])("refuses %j (BF-4.7)", (text) => {
    expect(isTime(text)).toBe(false);
  });

  it("knows leap years", () => {
    expect(isTime("2028-02-29T00:00:00Z")).toBe(true);
  });
});
