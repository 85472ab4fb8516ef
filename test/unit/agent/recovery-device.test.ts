/**
 * The two halves of an update by the units of a device: one run that only reads the medium, and runs without it. The power
 * goes, or the process is killed, at every point at which either has changed something or is about to run a tool; then
 * everything is started again, as udev and systemd would.
 */
import { existsSync, readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { runAgent } from "../../../src/agent/run-agent.ts";
import type { AgentPorts } from "../../../src/agent/session.ts";
import { type AbsPath, below, parseAbsPath } from "../../../src/path.ts";
import { type FakeMedia, luksHeader, openFakeMedia } from "../../support/fake-media.ts";
import { attemptsOf, makeRelease, openWorld, type SignedRelease, type World, writeMedium } from "./agent-fixture.ts";

const DEVICE = parseAbsPath("/dev/sdb1");
const MAX_ROUNDS = 8;

let v1: SignedRelease;
let v2: SignedRelease;

beforeAll(async () => {
  [v1, v2] = await Promise.all([makeRelease(1), makeRelease(2)]);
});

class PowerCut extends Error {}

function isPowerCut(error: unknown): boolean {
  if (error instanceof SuppressedError) return isPowerCut(error.error) || isPowerCut(error.suppressed);
  return error instanceof PowerCut;
}

interface Machine extends World {
  readonly media: FakeMedia;
  readonly points: () => number;
  /** From here on nothing is cut. */
  repair(): void;
  readMedium(): ReturnType<typeof runAgent>;
  goOn(): ReturnType<typeof runAgent>;
}

/** A machine with an encrypted stick in it, that is cut at the point with the number `at`, and stays dead until it is repaired. */
async function openMachine(at: number): Promise<Machine> {
  let [count, isDead, isOver] = [0, false, false];
  const point = () => {
    count += 1;
    if (count >= at && !isOver) isDead = true;
    if (isDead) throw new PowerCut(`at point ${at}`);
  };
  const media = openFakeMedia();
  media.onCommand = point;
  const luks = { header: luksHeader(), keys: [], hasToken: true };
  media.plug(DEVICE, { type: "vfat", uuid: "1234-ABCD", label: "BOOTFERRY", directory: writeMedium([v2]), luks });
  const world = await openWorld(v1, { exec: media.exec });
  const { backend, clock } = world.ports;
  const after =
    <Args extends unknown[], Result>(verb: (...args: Args) => Promise<Result>) =>
    async (...args: Args) => {
      const result = await verb(...args);
      point();
      return result;
    };
  const ports: AgentPorts = {
    ...world.ports,
    devices: media.devices,
    clock: {
      nowUtc() {
        point();
        return clock.nowUtc();
      },
    },
    onProgress: point,
    backend: {
      ...backend,
      stage: after(backend.stage),
      activate: after(backend.activate),
      confirm: after(backend.confirm),
      gc: after(backend.gc),
    },
  };
  return {
    ...world,
    media,
    points: () => count,
    repair() {
      [isDead, isOver] = [false, true];
    },
    readMedium: () => runAgent(ports, { medium: { kind: "device", device: DEVICE }, storeOnly: true }),
    goOn: () => runAgent(ports, {}),
  };
}

/** A boot and what starts by itself after it: the assessment, the medium that is still in, the agent. */
async function bootAndRun(machine: Machine): Promise<string> {
  machine.device.boot();
  await machine.goOn();
  const { kind } = await machine.readMedium();
  if (kind === "stored") await machine.goOn();
  return kind;
}

async function update(machine: Machine): Promise<void> {
  await machine.readMedium();
  await machine.goOn();
  while ((await bootAndRun(machine)) !== "nothing");
}

async function isCut(machine: Machine): Promise<boolean> {
  try {
    await update(machine);
    return false;
  } catch (error) {
    if (isPowerCut(error)) return true;
    throw error;
  }
}

const quarantined = ({ paths }: World) => {
  const file: AbsPath = below(paths.stateDirectory, "media.json");
  return existsSync(file) ? Object.keys(JSON.parse(readFileSync(file, "utf8")).media) : [];
};

describe("an update from a stick by its units, cut once", () => {
  it.each(["the process is killed", "the power goes"] as const)(
    "because %s, is confirmed in the end with the stick left in",
    { timeout: 240_000 },
    async (kind) => {
      const whole = await openMachine(Number.POSITIVE_INFINITY);
      await update(whole);
      expect(whole.points()).toBeGreaterThan(40);
      for (let at = 1; at <= whole.points(); at++) {
        const machine = await openMachine(at);
        expect(await isCut(machine)).toBe(true);
        machine.repair();
        if (kind === "the process is killed") {
          await machine.readMedium();
          await machine.goOn();
        }
        let rounds = 0;
        while ((await bootAndRun(machine)) !== "nothing") {
          if (++rounds > MAX_ROUNDS) expect.fail(`point ${at}: no end, ${machine.status().message}`);
        }
        const { booted, assessment } = await machine.device.backend.bootFacts();
        expect([at, booted?.release?.version, assessment]).toEqual([at, "2.0", "confirmed"]);
        expect(attemptsOf(machine.history()).filter((attempt) => attempt === "confirmed")).toHaveLength(1);
        expect([at, quarantined(machine)]).toEqual([at, []]);
        expect([at, machine.media.mounts.size, machine.media.mappings.size]).toEqual([at, 0, 0]);
      }
    },
  );
});
