import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compareAgentVersions } from "../../../src/bundle/agent-version.ts";

describe("the order of bootferry's versions", () => {
  it.each([
    ["1.0.0", "1.0.0", 0],
    ["1.0.0", "1.0.1", -1],
    ["1.9.0", "1.10.0", -1],
    ["2.0.0", "1.99.99", 1],
    ["1.2.0-rc.1", "1.2.0", -1],
    ["1.2.0-rc.1", "1.1.9", 1],
    ["1.2.0+build.5", "1.2.0", 0],
    ["1.2.0+build-5", "1.2.0", 0],
    ["", "0.0.1", -1],
    ["unknown", "0.0.1", -1],
  ])("holds %j against %j", (a, b, sign) => {
    expect(Math.sign(compareAgentVersions(a, b))).toBe(sign);
    expect(Math.sign(compareAgentVersions(b, a))).toBe(0 - sign);
  });

  it("is that of the three numbers", () => {
    const parts = fc.tuple(fc.nat(99), fc.nat(99), fc.nat(99));
    fc.assert(
      fc.property(parts, parts, (a, b) => {
        const [left, right] = [a, b].map(([x, y, z]) => x * 1e6 + y * 1e3 + z) as [number, number];
        expect(Math.sign(compareAgentVersions(a.join("."), b.join(".")))).toBe(Math.sign(left - right));
      }),
    );
  });
});
