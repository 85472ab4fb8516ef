import { describe, expect, it } from "vitest";
import { evaluateBoot } from "../../../src/agent/evaluate-boot.ts";
import type { BootFacts, DeploymentFacts, DeploymentState } from "../../../src/deploy/port.ts";

const TRIED = { id: "aaaaaaaaaaaa.2", imageDigest: "v1-sha256-12:aa" };

/** What a backend says of a device that has the system before, and the tried one in `state` unless it is gone. */
function device(state: DeploymentState | "gone", booted: "tried" | "before", next: "tried" | "before"): BootFacts {
  const make = (id: string, is: DeploymentState, isBooted: boolean) =>
    ({ id, state: is, isBooted }) as unknown as DeploymentFacts;
  const before = make("bbbbbbbbbbbb.1", "good", booted === "before");
  const deployments = state === "gone" ? [before] : [make(TRIED.id, state, booted === "tried"), before];
  return {
    booted: deployments.find(({ isBooted }) => isBooted),
    deployments,
    nextBoot: next === "tried" ? TRIED.id : before.id,
    assessment: "confirmed",
    canFallBack: true,
  } as unknown as BootFacts;
}

describe("what became of a deployment that was to boot", () => {
  it.each([
    ["armed", "tried", "tried", { kind: "booted", isConfirmed: false }],
    ["bad", "tried", "before", { kind: "booted", isConfirmed: false }], // its last try runs now
    ["good", "tried", "tried", { kind: "booted", isConfirmed: true }],
    ["armed", "before", "tried", { kind: "pending" }],
    ["armed", "before", "before", { kind: "withdrawn" }],
    ["bad", "before", "before", { kind: "fell-back" }],
    ["good", "before", "before", { kind: "confirmed-and-left" }],
    ["staged", "before", "before", { kind: "not-finalised" }],
    ["gone", "before", "before", { kind: "not-finalised" }],
  ] as const)("%s, booted: %s, next: %s", (state, booted, next, verdict) => {
    expect(evaluateBoot(TRIED, device(state, booted, next))).toEqual(verdict);
  });

  it("gone, and another one waits in its place: somebody put it there", () => {
    const facts = device("gone", "before", "before");
    const other = { id: "cccccccccccc.3", state: "armed", isBooted: false } as unknown as DeploymentFacts;
    expect(evaluateBoot(TRIED, { ...facts, deployments: [other, ...facts.deployments] })).toEqual({
      kind: "withdrawn",
    });
  });
});
