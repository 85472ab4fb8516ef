import { describe, expect, it } from "vitest";
import { parseTargetArguments } from "../../../src/cli/target-argument.ts";

describe("parseTargetArguments", () => {
  it.each([
    { texts: ["oci:a"], compatibles: ["x", "y"], expected: ["x oci:a", "y oci:a"] },
    { texts: ["x=oci:a", "y=docker://h/b:1"], compatibles: [], expected: ["x oci:a", "y docker://h/b:1"] },
    { texts: ["acme,kiosk:v2=oci:a"], compatibles: [], expected: ["acme,kiosk:v2 oci:a"] },
    { texts: ["x=oci:a", "oci:b"], compatibles: ["y"], expected: ["x oci:a", "y oci:b"] },
    { texts: ["oci:dir=with=signs"], compatibles: ["x"], expected: ["x oci:dir=with=signs"] },
    { texts: ["x=oci:dir=with=signs"], compatibles: [], expected: ["x oci:dir=with=signs"] },
  ])("reads $texts with $compatibles", ({ texts, compatibles, expected }) => {
    const targets = parseTargetArguments(texts, compatibles);
    expect(targets.map(({ compatible, source }) => `${compatible} ${source}`)).toEqual(expected);
  });

  it.each([
    { why: "a source for no kind of device", texts: ["oci:a"], compatibles: [] },
    { why: "a kind of device without a source", texts: ["x=oci:a"], compatibles: ["y"] },
  ])("refuses $why", ({ texts, compatibles }) => {
    expect(() => parseTargetArguments(texts, compatibles)).toThrow(expect.objectContaining({ code: "CLI_USAGE" }));
  });
});
