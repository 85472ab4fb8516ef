import { appendFileSync, existsSync, mkdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { describeGivenUp, forgetGivenUp } from "../../../src/agent/given-up.ts";
import { below } from "../../../src/path.ts";
import { makeRelease, openWorld, writeMedium } from "./agent-fixture.ts";
import { scratchDirectory } from "./scratch.ts";

describe("boots that were given up", () => {
  it.each([
    ["nothing when there is no file", undefined, undefined],
    ["nothing of other deployments", "bbb.1 it hung\naaa.10 it hung\n", undefined],
    ["the reason", "aaa.1 it hung\n", "it hung"],
    ["how often, and each reason", "aaa.1 it hung\naaa.1 it hung\naaa.1 emergency\n", "it hung (2 times); emergency"],
    ["what can be shown of a torn line", "aaa.1 it \u0000\u001b[2J", "it \u{fffd}\u{fffd}[2J"],
  ])("say %s", (_, text, expected) => {
    const directory = scratchDirectory();
    if (text !== undefined) appendFileSync(below(directory, "given-up-boots"), text);
    expect(describeGivenUp(directory, "aaa.1")).toBe(expected);
    forgetGivenUp(directory);
    expect(describeGivenUp(directory, "aaa.1")).toBeUndefined();
  });

  it("are named when the boot loader has gone back, and then forgotten", async () => {
    const [v1, v2] = await Promise.all([makeRelease(1), makeRelease(2)]);
    const world = await openWorld(v1);
    await world.run(writeMedium([v2]));
    const file = below(world.paths.stateDirectory, "given-up-boots");
    mkdirSync(world.paths.stateDirectory, { recursive: true });
    for (let tries = 0; tries < 3; tries++) {
      const booted = world.device.boot();
      appendFileSync(file, `${booted.id} the boot ended in emergency mode\n`);
    }
    world.device.boot();
    await world.run();
    expect(world.history().find(({ kind }) => kind === "attempt")).toMatchObject({
      state: "unassessed",
      reason: { code: "AGENT_FELL_BACK", message: expect.stringContaining("emergency mode (3 times)") },
    });
    expect(existsSync(file)).toBe(false);
  });
});
