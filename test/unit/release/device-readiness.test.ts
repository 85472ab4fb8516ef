import { describe, expect, it } from "vitest";
import { readinessWarnings } from "../../../src/release/device-readiness.ts";
import { directory, inlineFile } from "../../support/tree-fixtures.ts";

describe("readinessWarnings", () => {
  const ready = {
    boot: directory(),
    etc: directory(),
    sysroot: directory(),
    usr: directory({ bin: directory({ bootferry: inlineFile("the agent") }) }),
    var: directory(),
  };

  it.each([
    ["says nothing of an image with mount points and agent", ready, []],
    [
      "names mount points that the image lacks",
      { ...ready, boot: inlineFile("in the way") },
      [/no directory \/boot: /],
    ],
    ["names a missing agent", { ...ready, usr: directory() }, [/no \/usr\/bin\/bootferry: /]],
  ] as const)("%s", (_title, entries, expected) => {
    const warnings = readinessWarnings(directory(entries), "image x");
    expect(warnings).toEqual(expected.map((pattern) => expect.stringMatching(pattern)));
  });
});
