import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatDeploymentId, isDeploymentId, parseDeploymentId, serialOf } from "../../../src/deploy/deployment-id.ts";

describe("deployment ids", () => {
  it("are twelve digits of the image's digest and a serial", () => {
    expect(formatDeploymentId("ab".repeat(32), 7)).toBe("abababababab.7");
  });

  it("give their serial back", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1e14 }),
        (serial) => serialOf(formatDeploymentId("0".repeat(64), serial)) === serial,
      ),
    );
  });

  it.each([
    "",
    "abababababab",
    "abababababab.",
    "abababababab.0",
    "abababababab.07",
    "ABABABABABAB.1",
    "abababababab.1/..",
    "abababababab.1e3",
  ])("refuse %j", (text) => {
    expect(isDeploymentId(text)).toBe(false);
    expect(() => parseDeploymentId(text)).toThrow(expect.objectContaining({ code: "DEPLOY_ORIGIN_INVALID" }));
  });
});
