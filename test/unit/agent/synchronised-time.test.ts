import { describe, expect, it } from "vitest";
import { readSynchronisedTime } from "../../../src/agent/synchronised-time.ts";
import { fixedClock } from "../../../src/host/clock.ts";
import { HostError } from "../../../src/host/error.ts";
import type { Exec } from "../../../src/host/exec.ts";

const CLOCK = fixedClock(1_800_000_000);
const says =
  (text: string): Exec =>
  async () => ({ exitCode: 0, stdout: Buffer.from(text), stderrTail: "" });

describe("the synchronised time", () => {
  it.each([
    ["yes\n", true],
    ["no\n", false],
    ["", false],
  ])("when timedatectl says %j is known: %s", async (text, known) => {
    expect(await readSynchronisedTime(says(text), CLOCK)).toEqual(known ? CLOCK.nowUtc() : undefined);
  });

  it("is not known without timedatectl", async () => {
    const exec: Exec = async () => {
      throw new HostError("HOST_TOOL_MISSING", "timedatectl is not installed");
    };
    expect(await readSynchronisedTime(exec, CLOCK)).toBeUndefined();
  });
});
