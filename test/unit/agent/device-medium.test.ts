/** Media that the agent mounts itself: when it lets go of them, and what becomes of an update when they are pulled out. */
import { copyFileSync, existsSync, readFileSync } from "node:fs";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { exitStatusOf, type Outcome } from "../../../src/agent/outcome.ts";
import { runAgent } from "../../../src/agent/run-agent.ts";
import type { AgentPorts } from "../../../src/agent/session.ts";
import { openMedium, openMediumOver } from "../../../src/bundle/medium.ts";
import { type AbsPath, below, parseAbsPath } from "../../../src/path.ts";
import { type FakeMedia, openFakeMedia } from "../../support/fake-media.ts";
import { pulledLayout } from "../../support/lying-layout.ts";
import { attemptsOf, makeRelease, openWorld, type SignedRelease, type World, writeMedium } from "./agent-fixture.ts";

const DEVICE = parseAbsPath("/dev/sdb1");

let v1: SignedRelease;
let v2: SignedRelease;
let v3: SignedRelease;
let stick: AbsPath;

beforeAll(async () => {
  [v1, v2, v3] = await Promise.all([makeRelease(1), makeRelease(2), makeRelease(3)]);
});
beforeEach(() => {
  stick = writeMedium([v2]);
});

const forOthers = () => makeRelease(5, { compatible: "other" });
const running = async () => v1;

interface DeviceWorld extends World {
  readonly media: FakeMedia;
  insert(options?: { readonly storeOnly?: boolean; readonly ports?: Partial<AgentPorts> }): Promise<Outcome>;
}

async function openDeviceWorld(config = ""): Promise<DeviceWorld> {
  const media = openFakeMedia();
  media.plug(DEVICE, { type: "vfat", uuid: "1234-ABCD", label: "BOOTFERRY", directory: stick });
  const world = await openWorld(v1, { exec: media.exec, config });
  return {
    ...world,
    media,
    insert: ({ storeOnly, ports } = {}) =>
      runAgent(
        { ...world.ports, devices: media.devices, ...ports },
        { medium: { kind: "device", device: DEVICE }, storeOnly },
      ),
  };
}

/** What is held of the medium; nothing when it can be pulled out. */
const held = ({ media }: DeviceWorld) => [...media.mounts.keys(), ...media.mappings.keys()];

describe("a medium that is a block device", () => {
  it("is installed from", async () => {
    const world = await openDeviceWorld();
    expect(await world.insert()).toMatchObject({ kind: "rebooting", release: { version: "2.0" } });
    expect(held(world)).toEqual([]);
    world.device.boot();
    expect((await world.run()).kind).toBe("confirmed");
  });

  it("is unmounted before it is said that it can be removed", async () => {
    const world = await openDeviceWorld();
    const told: string[] = [];
    await world.insert({
      ports: { onStatus: ({ state, medium }) => told.push(`${state} ${medium} ${held(world).length}`) },
    });
    expect(told).toEqual([
      "detected do-not-remove 0",
      "mounted do-not-remove 1",
      "verified do-not-remove 1",
      "storing do-not-remove 1",
      "stored may-be-removed 0",
      "staged may-be-removed 0",
      "rebooting may-be-removed 0",
    ]);
  });

  it.each([
    ["refused", [forOthers], "refused"],
    ["of no use", [running], "nothing"],
  ] as const)("is unmounted before it is said that it is %s", async (_, releases, kind) => {
    const world = await openDeviceWorld();
    world.media.plug(DEVICE, {
      type: "vfat",
      directory: writeMedium(await Promise.all(releases.map((make) => make()))),
    });
    const told: string[] = [];
    const outcome = await world.insert({
      ports: { onStatus: ({ state }) => told.push(`${state} ${held(world).length}`) },
    });
    expect(outcome.kind).toBe(kind);
    expect(told.at(-1)).toBe(`${outcome.state} 0`);
  });

  it("is pulled out before it is looked at", async () => {
    const world = await openDeviceWorld();
    world.media.pull(DEVICE);
    const outcome = await world.insert();
    expect(outcome).toMatchObject({ kind: "failed", error: { code: "MEDIA_REMOVED" } });
    expect(exitStatusOf(outcome)).toBe(6);
  });
});

describe("with --store-only", () => {
  it("ends when the medium can be removed, and another run goes on without it", async () => {
    const world = await openDeviceWorld();
    const stored = await world.insert({ storeOnly: true });
    expect(stored).toMatchObject({ kind: "stored", state: "stored", release: { version: "2.0" } });
    expect(stored.message).toBe("Preparing os 2.0 (sequence 2). You can remove the medium.");
    expect(exitStatusOf(stored)).toBe(0);
    expect(world.device.verbs).toEqual([]);
    expect(held(world)).toEqual([]);
    world.media.pull(DEVICE);
    expect(await world.run()).toMatchObject({ kind: "rebooting", release: { version: "2.0" } });
    world.device.boot();
    expect((await world.run()).kind).toBe("confirmed");
    expect(attemptsOf(world.history())).toEqual(["confirmed"]);
  });

  it("goes on after a power cut in between", async () => {
    const world = await openDeviceWorld();
    await world.insert({ storeOnly: true });
    world.device.boot();
    expect((await world.run()).kind).toBe("rebooting");
  });

  it("says that there is nothing to do when the medium stays in", async () => {
    const world = await openDeviceWorld();
    await world.insert({ storeOnly: true });
    await world.run();
    world.device.boot();
    await world.run();
    expect(await world.insert({ storeOnly: true })).toMatchObject({ kind: "nothing", state: "idle" });
  });

  it.each<[string, (world: DeviceWorld) => Promise<void>, string]>([
    [
      "is stored and not staged",
      async (world: DeviceWorld) => void (await world.insert({ storeOnly: true })),
      "stored",
    ],
    ["waits for its reboot", async (world: DeviceWorld) => void (await world.insert()), "staged"],
    [
      "was rebooted into and not looked at",
      async (world: DeviceWorld) => {
        await world.insert();
        world.device.boot();
      },
      "staged",
    ],
  ])("lets the medium wait while an update %s", async (_, before, state) => {
    const world = await openDeviceWorld('[reboot]\npolicy = "manual"');
    await before(world);
    world.media.plug(DEVICE, { type: "vfat", directory: writeMedium([v3]) });
    const [verbs, commands] = [[...world.device.verbs], [...world.media.commands]];
    const outcome = await world.insert({ storeOnly: true });
    expect(outcome).toMatchObject({ kind: "waiting", state });
    expect(outcome.message).toContain("A medium that stays in is looked at after that.");
    expect(exitStatusOf(outcome)).toBe(0);
    expect([world.device.verbs, world.media.commands]).toEqual([verbs, commands]);
  });

  it("lets the medium wait while nobody has assessed the running system, and says so", async () => {
    const world = await openDeviceWorld();
    const image = await world.ports.backend.bootFacts();
    expect(image.assessment).toBe("confirmed");
    const ports = {
      backend: { ...world.ports.backend, bootFacts: async () => ({ ...image, assessment: "assessing" as const }) },
    };
    const outcome = await world.insert({ storeOnly: true, ports });
    expect(outcome.message).toBe(
      "The running system is not confirmed yet. A medium that stays in is looked at after that.",
    );
    expect(outcome.kind).toBe("waiting");
    expect(world.media.commands).toEqual([]);
  });

  it("records that an earlier run was interrupted, and begins anew", async () => {
    const world = await openDeviceWorld();
    const stop = new AbortController();
    world.device.requireRoom = () => stop.abort(new Error("SIGTERM"));
    const stopping = world.insert({ storeOnly: true, ports: { signal: stop.signal } });
    await expect(stopping).rejects.toThrow("SIGTERM");
    expect(held(world)).toEqual([]);
    expect((await world.insert({ storeOnly: true })).kind).toBe("stored");
    expect(attemptsOf(world.history())).toEqual(["failed AGENT_INTERRUPTED"]);
  });
});

describe("a medium that is pulled out", () => {
  const openPulled = async (world: DeviceWorld, at: number, onPull: () => void = () => undefined) => {
    const { layout } = await openMedium(stick);
    const pulled = pulledLayout(layout, at, () => {
      world.media.pull(DEVICE);
      onPull();
    });
    return { pulled, ports: { openMedium: async () => openMediumOver(pulled) } };
  };
  const plugAgain = (world: DeviceWorld) =>
    world.media.plug(DEVICE, { type: "vfat", uuid: "1234-ABCD", directory: stick });

  it("at any read ends in a clear failure, and the update goes on when it is plugged in again", async () => {
    const { pulled, ports } = await openPulled(await openDeviceWorld(), Number.POSITIVE_INFINITY);
    expect((await (await openDeviceWorld()).insert({ ports })).kind).toBe("rebooting");
    expect(pulled.reads).toBeGreaterThan(10);
    for (let at = 1; at <= pulled.reads; at++) {
      const world = await openDeviceWorld();
      const outcome = await world.insert({ storeOnly: true, ports: (await openPulled(world, at)).ports });
      expect([at, outcome]).toMatchObject([at, { kind: "failed", state: "failed", error: { code: "MEDIA_REMOVED" } }]);
      expect(exitStatusOf(outcome)).toBe(6);
      expect(outcome.message).toBe(
        "the medium /dev/sdb1 was removed while it was being read (EIO). The running system is unchanged.",
      );
      expect(held(world)).toEqual([]);
      expect(world.device.verbs).toEqual([]); // nothing was collected: what was read is kept
      plugAgain(world);
      expect((await world.insert({ storeOnly: true })).kind).toBe("stored");
      expect(attemptsOf(world.history())).toEqual(["failed MEDIA_REMOVED"]);
    }
  });

  it("is what is recorded when systemd stops the unit because of it", async () => {
    const world = await openDeviceWorld();
    const stop = new AbortController();
    const { ports } = await openPulled(world, 12, () => stop.abort(new Error("SIGTERM")));
    const outcome = await world.insert({ ports: { ...ports, signal: stop.signal } });
    expect(outcome).toMatchObject({ kind: "failed", error: { code: "MEDIA_REMOVED" } });
    expect(world.status()).toMatchObject({ state: "failed", code: "MEDIA_REMOVED" });
  });

  it("while it is being mounted is no broken file system", async () => {
    const world = await openDeviceWorld();
    world.media.onCommand = ([tool]) => {
      if (tool === "mount") world.media.pull(DEVICE);
    };
    expect(await world.insert()).toMatchObject({ kind: "failed", error: { code: "MEDIA_REMOVED" } });
  });

  it("and was replaced by another one is not taken for it", async () => {
    const world = await openDeviceWorld();
    const { ports } = await openPulled(world, 12, () => plugAgain(world));
    expect(await world.insert({ ports })).toMatchObject({ kind: "failed", error: { code: "MEDIA_REMOVED" } });
  });

  it("after it was stored changes nothing", async () => {
    const world = await openDeviceWorld();
    const onStatus: AgentPorts["onStatus"] = ({ state }) => {
      if (state === "stored") world.media.pull(DEVICE);
    };
    expect((await world.insert({ ports: { onStatus } })).kind).toBe("rebooting");
  });

  it("is told from one that is damaged and still there", async () => {
    const world = await openDeviceWorld();
    const { layout } = await openMedium(stick);
    const ports = { openMedium: async () => openMediumOver(pulledLayout(layout, 12, () => undefined)) };
    const outcome = await world.insert({ ports });
    expect(outcome).toMatchObject({ kind: "refused", error: { code: "OCI_BLOB_UNREADABLE" } });
    expect(outcome.message).toContain("You can remove the medium.");
  });
});

describe("a medium at which the machine goes down", () => {
  const file = ({ paths }: World) => below(paths.stateDirectory, "media.json");
  /** The machine goes down when `tool` is run: what was on disk then is what the next boot finds. */
  const crashAt = async (world: DeviceWorld, tool: string) => {
    const saved = `${file(world)}.at-crash`;
    world.media.onCommand = ([name]) => {
      if (name === tool) copyFileSync(file(world), saved);
    };
    await world.insert({ storeOnly: true });
    world.media.onCommand = () => undefined;
    copyFileSync(saved, file(world));
    world.device.boot();
  };

  it("twice while it was being mounted is not mounted a third time", async () => {
    const world = await openDeviceWorld();
    for (const _ of [1, 2]) {
      await crashAt(world, "mount");
      await world.run(); // goes on with what was stored, in this telling of it
      world.device.boot();
      await world.run();
    }
    const before = world.media.commands.filter((command) => command.startsWith("mount ")).length;
    const outcome = await world.insert();
    expect(outcome).toMatchObject({ kind: "refused", error: { code: "AGENT_MEDIUM_QUARANTINED" } });
    expect(exitStatusOf(outcome)).toBe(6);
    expect(world.media.commands.filter((command) => command.startsWith("mount ")).length).toBe(before);
    expect(await world.insert()).toMatchObject({ error: { code: "AGENT_MEDIUM_QUARANTINED" } });
  });

  it("leaves no trace when it was closed in order", async () => {
    const world = await openDeviceWorld();
    await world.insert();
    expect(existsSync(file(world))).toBe(true);
    expect(JSON.parse(readFileSync(file(world), "utf8"))).toEqual({ version: 1, media: {} });
  });
});
