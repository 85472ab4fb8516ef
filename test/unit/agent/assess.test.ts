import { beforeAll, describe, expect, it } from "vitest";
import { assessBoot } from "../../../src/agent/assess.ts";
import { exitStatusOf } from "../../../src/agent/outcome.ts";
import { HostError } from "../../../src/host/error.ts";
import { execOnHost } from "../../../src/host/exec.ts";
import { attemptsOf, makeRelease, openWorld, type SignedRelease, type World, writeMedium } from "./agent-fixture.ts";

const CHECK = "usr/lib/bootferry/health.d/required/10-app";
const WELL = "exit 0";
const SICK = "echo no display; exit 1";

let v1: SignedRelease;
let v2: SignedRelease;

beforeAll(async () => {
  [v1, v2] = await Promise.all([makeRelease(1), makeRelease(2)]);
});

/** A device that has just booted v2 for the first time; v1 is the system before. */
async function booted(check: string): Promise<World> {
  const world = await openWorld(v1);
  await world.run(writeMedium([v2]));
  world.device.boot();
  world.program(CHECK, check);
  return world;
}

describe("assessing a system on trial", () => {
  it("keeps it when its checks pass", async () => {
    const world = await booted(WELL);
    expect(await assessBoot(world.ports)).toMatchObject({ kind: "confirmed", error: undefined });
    expect((await world.device.backend.bootFacts()).assessment).toBe("confirmed");
    expect(attemptsOf(world.history())).toEqual(["confirmed"]);
  });

  it("reboots when they fail, and fails itself, so that nobody else marks the boot as good", async () => {
    const world = await booted(SICK);
    const outcome = await assessBoot(world.ports);
    expect(outcome).toMatchObject({ kind: "rebooting", error: { code: "AGENT_UNHEALTHY" } });
    expect(outcome.error?.message).toContain("10-app (exit status 1: no display)");
    expect(exitStatusOf(outcome)).toBe(1);
  });

  it("still shows why after the boot loader has gone back", async () => {
    const world = await booted(SICK);
    for (let tries = 0; tries < 3; tries++) {
      await assessBoot(world.ports);
      world.device.boot();
    }
    world.removeProgram(CHECK); // the check belonged to the image that is no longer running
    expect(await assessBoot(world.ports)).toMatchObject({ kind: "nothing", error: undefined });
    expect(await world.run()).toMatchObject({ kind: "rolled-back" });
    expect(world.history().at(-1)).toMatchObject({
      state: "rolled-back",
      release: { version: "2.0" },
      health: { checks: [{ result: "failed", output: "no display" }] },
      reason: { code: "AGENT_UNHEALTHY", message: expect.stringContaining("no display") },
    });
  });

  it("does not reboot when there is nothing to go back to", async () => {
    const world = await openWorld(v1);
    const asked: string[] = [];
    world.program(CHECK, SICK);
    const { backend } = world.device;
    const facts = await backend.bootFacts();
    const alone = { ...facts, assessment: "assessing" as const, canFallBack: false };
    const outcome = await assessBoot({
      ...world.ports,
      paths: { ...world.ports.paths, isSimulated: false },
      backend: { ...backend, bootFacts: async () => alone },
      exec: async (argv, options) => {
        if (argv[0] === "systemctl") asked.push(argv.join(" "));
        return execOnHost(argv[0] === "systemctl" ? ["true"] : argv, options);
      },
    });
    expect(outcome).toMatchObject({ kind: "unhealthy", error: { code: "AGENT_UNHEALTHY" } });
    expect(asked).toEqual([]);
  });

  it("fails when the boot entry cannot be made good, so that the boot is given up", async () => {
    const world = await booted(WELL);
    const backend = {
      ...world.device.backend,
      confirm: async () => {
        throw new HostError("HOST_IO", "writing /boot: EIO");
      },
    };
    expect(exitStatusOf(await assessBoot({ ...world.ports, backend }))).not.toBe(0);
  });

  it("assesses a deployment that no attempt speaks of", async () => {
    const world = await booted(WELL);
    world.removeJournal();
    expect(await assessBoot(world.ports)).toMatchObject({ kind: "confirmed" });
  });
});

describe("assessing a confirmed system", () => {
  it.each([
    ["that is well", WELL, "nothing", 0],
    ["that is not well", SICK, "unhealthy", 1],
  ])("%s reports and changes nothing", async (_, check, kind, status) => {
    const world = await openWorld(v1);
    world.program(CHECK, check);
    const outcome = await assessBoot(world.ports);
    expect(outcome).toMatchObject({ kind, health: { healthy: status === 0 } });
    expect(outcome.message).toMatch(/^The running system is confirmed/);
    expect(exitStatusOf(outcome)).toBe(status);
    expect(world.device.verbs).toEqual([]);
    expect(world.history()).toEqual([]);
  });

  it("leaves an update that waits for its reboot to other runs", async () => {
    const world = await openWorld(v1, { config: '[reboot]\npolicy = "manual"\n' });
    await world.run(writeMedium([v2]));
    const before = [...world.device.verbs];
    expect(await assessBoot(world.ports)).toMatchObject({ kind: "nothing" });
    expect(world.device.verbs).toEqual(before);
    expect(world.status().state).toBe("staged");
  });
});
