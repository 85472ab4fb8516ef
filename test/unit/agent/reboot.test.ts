import { describe, expect, it } from "vitest";
import { readStatus } from "../../../src/agent/status-file.ts";
import { makeRelease, openWorld, writeMedium } from "./agent-fixture.ts";

describe("activating", () => {
  it("notes what of /etc could not be merged, and in one line what could not be carried over", async () => {
    const world = await openWorld(await makeRelease(1));
    const { backend } = world.device;
    const activate: typeof backend.activate = async (staged) => ({
      ...(await backend.activate(staged)),
      conflicts: [{ path: "/etc/motd", kind: "both-changed" }],
      notApplied: [
        { path: "/etc/pipe", what: "special-file" },
        { path: "/etc/shadow", what: "xattrs" },
      ],
    });
    await world.run(writeMedium([await makeRelease(2)]), { backend: { ...backend, activate } });
    const notes = world.history().flatMap((record) => (record.kind === "note" ? [[record.about, record.message]] : []));
    expect(notes).toEqual([
      ["etc-merge", "/etc/motd: both-changed; the version of this device was kept"],
      ["etc-merge", "not carried over as in the image: /etc/pipe (special-file), /etc/shadow (xattrs)"],
    ]);
  });
});

describe("the countdown to a reboot", () => {
  const delayed = { config: "[reboot]\ndelay-seconds = 3" };

  it("is shown second by second, with what comes, and told once", async () => {
    const world = await openWorld(await makeRelease(1), delayed);
    const shown: unknown[] = [];
    const { stateDirectory, runtimeDirectory } = world.paths;
    const sleep = async () => {
      const { state, restart, medium } = readStatus(stateDirectory, runtimeDirectory);
      shown.push([state, restart?.inSeconds, restart?.intoVersion, medium]);
    };
    expect((await world.run(writeMedium([await makeRelease(2)]), { sleep })).kind).toBe("rebooting");
    expect(shown).toEqual([3, 2, 1].map((left) => ["staged", left, "2.0", "may-be-removed"]));
    expect(world.messages.filter((message) => message.includes("restarts in"))).toHaveLength(1);
    expect(world.status()).toMatchObject({ state: "rebooting", restart: null });
  });

  it("ends at a signal with everything in place: the next run counts anew", async () => {
    const world = await openWorld(await makeRelease(1), delayed);
    const stop = new AbortController();
    let seconds = 0;
    const sleep = async () => {
      seconds += 1;
      if (seconds === 2) stop.abort(new Error("stopped"));
    };
    const running = world.run(writeMedium([await makeRelease(2)]), { sleep, signal: stop.signal });
    await expect(running).rejects.toThrow("stopped");
    expect(world.status()).toMatchObject({ state: "staged", restart: null });
    expect((await world.run(undefined, { sleep: async () => void seconds++ })).kind).toBe("rebooting");
    expect(seconds).toBe(2 + 3);
  });

  it("does not hold up a system that is not well", async () => {
    const world = await openWorld(await makeRelease(1), delayed);
    await world.run(writeMedium([await makeRelease(2)]));
    world.device.boot();
    world.program("etc/bootferry/health.d/required/10-app", "exit 1");
    const sleep = () => expect.fail("waited");
    expect((await world.run(undefined, { sleep })).kind).toBe("rebooting");
  });

  it("does not hold up the assessment of a system that runs on trial", async () => {
    const world = await openWorld(await makeRelease(1), delayed);
    const stop = new AbortController();
    const running = world.run(writeMedium([await makeRelease(2)]), {
      sleep: async () => stop.abort(new Error("stopped")),
      signal: stop.signal,
    });
    await expect(running).rejects.toThrow("stopped");
    const { backend } = world.device;
    const onTrial = async () => ({ ...(await backend.bootFacts()), assessment: "assessing" as const });
    const sleep = () => expect.fail("waited");
    const outcome = await world.run(undefined, { sleep, backend: { ...backend, bootFacts: onTrial } });
    expect(outcome.kind).toBe("rebooting");
  });

  it.each([
    [{ isSimulated: true }, 0],
    [{ isSimulated: false }, 30],
  ])("takes what nobody configured: %j, %d seconds", async (place, expected) => {
    const world = await openWorld(await makeRelease(1), {
      exec: async () => ({ exitCode: 0, stdout: Buffer.alloc(0), stderrTail: "" }),
    });
    let seconds = 0;
    const paths = { ...world.paths, ...place };
    const outcome = await world.run(writeMedium([await makeRelease(2)]), {
      paths,
      sleep: async () => void seconds++,
    });
    expect([outcome.kind, seconds]).toEqual(["rebooting", expected]);
  });
});
