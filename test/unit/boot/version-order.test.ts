import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compareVersions } from "../../../src/boot/version-order.ts";

const sign = { "<": -1, "==": 0, ">": 1 } as const;

describe("compareVersions", () => {
  // UAPI.10 Version Format Specification, "Examples"; with `~` as systemd-boot treats it: older than the end of the text.
  it.each([
    ["11", "==", "11"],
    ["systemd-123", "==", "systemd-123"],
    ["bar-123", "<", "foo-123"],
    ["123a", ">", "123"],
    ["123.a", ">", "123"],
    ["123.a", "<", "123.b"],
    ["123a", ">", "123.a"],
    ["11α", "==", "11β"],
    ["A", "<", "a"],
    ["", "<", "0"],
    ["0.", ">", "0"],
    ["0.0", ">", "0"],
    ["0", ">", "~"],
    ["", ">", "~"],
    ["1_", "==", "1"],
    ["_1", "==", "1"],
    ["1_", "<", "1.2"],
    ["1_2_3", ">", "1.3.3"],
    ["1+", "==", "1"],
    ["+1", "==", "1"],
    ["1+", "<", "1.2"],
    ["1+2+3", ">", "1.3.3"],
    ["00123", "==", "123"],
    ["9", "<", "10"],
    ["99999999999999999998", "<", "99999999999999999999"],
    ["1a", "<", "1ab"],
    ["1.a", "<", "1.1"],
    ["~~", ">", "~"],
  ] as const)("orders %j %s %j as systemd-boot does", (a, relation, b) => {
    expect(Math.sign(compareVersions(a, b))).toBe(sign[relation]);
    expect(Math.sign(compareVersions(b, a))).toBe(0 - sign[relation]);
  });

  it("sorts the list in the comment of systemd's own implementation as that comment says", () => {
    const oldestFirst = [
      "122.1",
      "123~rc1-1",
      "123",
      "123-a",
      "123-a.1",
      "123-1",
      "123-1.1",
      "123^post1",
      "123.a-1",
      "123.1-1",
      "123a-1",
      "124-1",
    ];
    expect(oldestFirst.toReversed().sort(compareVersions)).toEqual(oldestFirst);
  });

  const version = fc.string({ unit: fc.constantFrom(..."01a.B-~^_+"), maxLength: 12 });

  it("is antisymmetric and ends for any two texts", () => {
    fc.assert(
      fc.property(
        version,
        version,
        (a, b) => Math.sign(compareVersions(a, b)) === 0 - Math.sign(compareVersions(b, a)),
      ),
    );
  });

  it("equals a serial's numeric order, which is all that entries of ours rely on", () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), (a, b) => Math.sign(compareVersions(String(a), String(b))) === Math.sign(a - b)),
    );
  });
});
