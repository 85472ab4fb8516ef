import { describe, expect, it } from "vitest";
import { classifyStaging } from "../../../../src/deploy/bootc/classify-run.ts";
import { digestOf } from "../../../../src/oci/digest.ts";
import { hostWith } from "./hosts.ts";

const D = digestOf("wanted");
const E = digestOf("another");
const P = digestOf("running");

describe("what became of a run that was to stage D", () => {
  const before = hostWith({ booted: P });

  it.each([
    ["staged, unlocked", 0, hostWith({ booted: P, staged: D }), { kind: "staged", isLocked: false }],
    ["staged, locked", 0, hostWith({ booted: P, staged: D, isLocked: true }), { kind: "staged", isLocked: true }],
    ["staged, and a later step failed", 1, hostWith({ booted: P, staged: D }), { kind: "staged-but-failed" }],
    ["staged, and bootc panicked", 101, hostWith({ booted: P, staged: D }), { kind: "staged-but-failed" }],
    ["staged, and bootc had to be ended", null, hostWith({ booted: P, staged: D }), { kind: "staged-but-failed" }],
    ["D runs", 0, hostWith({ booted: D }), { kind: "runs-already" }],
    ["a silent no-op", 0, before, { kind: "not-staged" }],
    ["something else staged", 0, hostWith({ booted: P, staged: E }), { kind: "staged-another", digest: E }],
    ["something else staged, and failed", 1, hostWith({ booted: P, staged: E }), { kind: "staged-another", digest: E }],
    ["a usage error", 2, before, { kind: "misunderstood" }],
    ["a failure", 1, before, { kind: "failed" }],
    ["a failure while D runs", 1, hostWith({ booted: D }), { kind: "failed" }],
    ["ended by a time-out", null, before, { kind: "failed" }],
  ])("%s", (_what, exitCode, after, verdict) => {
    expect(classifyStaging({ exitCode, before, after, expected: D })).toEqual(verdict);
  });

  it("tells somebody else's update that was there before from one that it staged itself", () => {
    const withOther = hostWith({ booted: P, staged: E });
    const run = { before: withOther, after: withOther, expected: D };
    for (const exitCode of [0, 1, 2]) {
      expect(classifyStaging({ ...run, exitCode })).toEqual({ kind: "another-waits", digest: E });
    }
    const changed = hostWith({ booted: P, staged: digestOf("a third") });
    expect(classifyStaging({ ...run, after: changed, exitCode: 0 }).kind).toBe("staged-another");
  });
});
