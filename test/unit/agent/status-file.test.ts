import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { agentStatusSchema, readStatus, statusFile } from "../../../src/agent/status-file.ts";
import { makeRelease, openWorld, type SignedRelease, writeMedium } from "./agent-fixture.ts";

let v1: SignedRelease;
let v2: SignedRelease;
beforeAll(async () => {
  [v1, v2] = await Promise.all([makeRelease(1), makeRelease(2)]);
});

describe("status.json", () => {
  it("fits its schema in every state of an update, in whole sentences", async () => {
    const world = await openWorld(v1);
    const statuses: unknown[] = [];
    const onStatus = (status: unknown) => statuses.push(status);
    await world.run(writeMedium([v2]), { onStatus });
    world.device.boot();
    await world.run(undefined, { onStatus });
    await world.run(writeMedium([v1]), { onStatus });
    for (const status of statuses) expect(agentStatusSchema.parse(status).message).toMatch(/^[A-Za-z].*\.$/s);
    expect(statuses.map((status) => agentStatusSchema.parse(status).message)).toMatchInlineSnapshot(`
      [
        "Opening the medium. Do not remove it.",
        "Checking what is on the medium. Do not remove it.",
        "Reading os 2.0 (sequence 2). Do not remove the medium.",
        "Reading os 2.0 (sequence 2). Do not remove the medium.",
        "Preparing os 2.0 (sequence 2). You can remove the medium.",
        "os 2.0 (sequence 2) is ready and starts at the next reboot. You can remove the medium.",
        "Rebooting into os 2.0 (sequence 2). You can remove the medium.",
        "Checking that os 2.0 (sequence 2) is well.",
        "Checking that os 2.0 (sequence 2) is well.",
        "os 2.0 (sequence 2) runs and is confirmed.",
        "Opening the medium. Do not remove it.",
        "Checking what is on the medium. Do not remove it.",
        "release os 1.0 (sequence 1) is older: this device has confirmed sequence 2. The running system is unchanged. You can remove the medium.",
      ]
    `);
  });

  it("shows progress while contents are read", async () => {
    const world = await openWorld(v1);
    const shown: unknown[] = [];
    let nowMs = 0;
    await world.run(writeMedium([v2]), {
      monotonicMs: () => (nowMs += 60_000),
      onProgress: () => shown.push(world.status().progress),
    });
    expect(shown.at(-1)).toMatchObject({ label: "reading the medium", totalBytes: expect.any(Number) });
    expect(world.status().progress).toBeNull();
  });

  it("is made from the journal when it is gone or tells of another state", async () => {
    const world = await openWorld(v1);
    await world.run(writeMedium([v1, v2]));
    const { stateDirectory, runtimeDirectory } = world.paths;
    expect(world.status().running).toEqual({ name: "os", version: "1.0" });
    const status = { ...world.status(), running: null }; // what runs, the journal does not know
    rmSync(statusFile(runtimeDirectory));
    expect(readStatus(stateDirectory, runtimeDirectory)).toEqual(status);
    writeFileSync(statusFile(runtimeDirectory), JSON.stringify({ ...status, state: "storing", message: "old." }));
    expect(readStatus(stateDirectory, runtimeDirectory)).toEqual(status);
    writeFileSync(statusFile(runtimeDirectory), "torn");
    expect(readStatus(stateDirectory, runtimeDirectory)).toEqual(status);
  });

  it("tells what runs, what was before it, and how the last attempts ended", async () => {
    const world = await openWorld(v1);
    await world.run(writeMedium([v2]));
    world.device.boot();
    await world.run();
    await world.run(writeMedium([v1]));
    const status = world.status();
    expect([status.running?.version, status.previous?.version]).toEqual(["2.0", "1.0"]);
    expect(status.why).toBe("release os 1.0 (sequence 1) is older: this device has confirmed sequence 2");
    expect(status.recent.map(({ state, code, release }) => [state, code, release?.version])).toEqual([
      ["refused", "TRUST_SEQUENCE_OLDER", undefined],
      ["confirmed", null, "2.0"],
    ]);
  });

  it("is there again after a boot as soon as the agent has run, whatever there is to do", async () => {
    const world = await openWorld(v1);
    await world.run();
    expect(world.status()).toMatchObject({ state: "idle", running: { version: "1.0" }, medium: "none" });
    await world.run(writeMedium([v1]));
    expect(world.status().medium).toBe("may-be-removed");
    world.device.boot();
    rmSync(statusFile(world.paths.runtimeDirectory)); // /run does not outlive a boot
    await world.run();
    expect(world.status().medium).toBe("none"); // what was in before the boot, nobody knows of now
  });

  it("never keeps a run from its work: a runtime directory that takes nothing", async () => {
    const world = await openWorld(v1);
    mkdirSync(statusFile(world.paths.runtimeDirectory), { recursive: true });
    expect((await world.run(writeMedium([v2]))).kind).toBe("rebooting");
  });
});
