import { describe, expect, it } from "vitest";
import { buildClock } from "../../../src/cli/build-clock.ts";
import { utcTime, wholeNumber } from "../../../src/cli/options.ts";
import { fixedClock } from "../../../src/host/clock.ts";

describe("wholeNumber", () => {
  it("takes decimal digits from its least value on", () => {
    expect(wholeNumber(1)("1")).toBe(1);
    expect(wholeNumber(0)("9007199254740991")).toBe(Number.MAX_SAFE_INTEGER);
  });

  it.each(["0", "-1", "1.5", "1e3", "0x10", "", " 1", "9007199254740992"])("refuses %j", (text) => {
    expect(() => wholeNumber(1)(text)).toThrow("whole number");
  });
});

describe("utcTime", () => {
  it.each([
    ["2027-01-31", "2027-01-31T00:00:00.000Z"],
    ["2027-01-31T12:34:56Z", "2027-01-31T12:34:56.000Z"],
  ])("reads %s", (text, expected) => {
    expect(utcTime(text).toISOString()).toBe(expected);
  });

  it.each([
    "2027-02-30",
    "2027-13-01",
    "2027-01-31T25:00:00Z",
    "2027-01-31T12:00:00",
    "2027-01-31T12:00:00+01:00",
    "tomorrow",
    "",
  ])("refuses %j", (text) => {
    expect(() => utcTime(text)).toThrow("date or a time in UTC");
  });
});

describe("buildClock", () => {
  const now = fixedClock(1_800_000_000);

  it.each([
    { value: "0", seconds: 0 },
    { value: "1780000000", seconds: 1_780_000_000 },
    { value: "", seconds: 1_800_000_000 },
    { value: undefined, seconds: 1_800_000_000 },
  ])("stands at $seconds with SOURCE_DATE_EPOCH=$value", ({ value, seconds }) => {
    const clock = buildClock({ env: { SOURCE_DATE_EPOCH: value }, clock: now });
    expect(clock.nowUtc().getTime()).toBe(seconds * 1000);
  });

  it.each(["-1", "1.5", "now", "253402300800"])("refuses SOURCE_DATE_EPOCH=%s", (value) => {
    const build = () => buildClock({ env: { SOURCE_DATE_EPOCH: value }, clock: now });
    expect(build).toThrow(expect.objectContaining({ code: "CLI_USAGE" }));
  });
});
