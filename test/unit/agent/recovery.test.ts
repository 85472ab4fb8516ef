/**
 * The power goes, or the process is killed, at every point at which the agent has changed something; then it is started
 * again. What it does must be what docs/recovery.md says, and the end must be the same as without the cut.
 */
import { readFileSync } from "node:fs";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { journalFile, journalSchema } from "../../../src/agent/journal.ts";
import type { AgentPorts } from "../../../src/agent/session.ts";
import { peekStateFile } from "../../../src/agent/state-file.ts";
import { evaluatePermission, peekVerdicts } from "../../../src/agent/verdicts.ts";
import type { Exec } from "../../../src/host/exec.ts";
import type { AbsPath } from "../../../src/path.ts";
import { readReceiptLog } from "../../../src/receipt/receipt-log.ts";
import { attemptsOf, makeRelease, openWorld, type SignedRelease, type World, writeMedium } from "./agent-fixture.ts";

const CHECK = "usr/lib/bootferry/health.d/required/10-app";
const MAX_ROUNDS = 12; // of boot and run; all that is bounded by a smaller number

let v1: SignedRelease;
let v2: SignedRelease;
let medium: AbsPath;

beforeAll(async () => {
  [v1, v2] = await Promise.all([makeRelease(1), makeRelease(2)]);
});
beforeEach(() => {
  medium = writeMedium([v2]);
});

class PowerCut extends Error {}

interface Cutter {
  readonly ports: Partial<AgentPorts>;
  /** How many points were passed. */
  readonly count: number;
}

/**
 * Ports that end everything at the point with the number `at`: before each write of the journal and after it (the agent
 * asks the clock both times), after each verb of the backend that changes something, and while contents are being stored. At
 * each point after it, too: a receipt catches whatever happens to it, and a machine without power does not go on.
 */
function cutAt(at: number, { ports, device }: World): Cutter {
  let count = 0;
  const point = () => {
    count += 1;
    if (count >= at) throw new PowerCut(`at point ${at}`);
  };
  const { backend, clock } = ports;
  device.requireRoom = point;
  const after =
    <Args extends unknown[], Result>(verb: (...args: Args) => Promise<Result>) =>
    async (...args: Args) => {
      const result = await verb(...args);
      point();
      return result;
    };
  return {
    get count() {
      return count;
    },
    ports: {
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
        unstage: after(backend.unstage),
        activate: after(backend.activate),
        confirm: after(backend.confirm),
        gc: after(backend.gc),
      },
    },
  };
}

type Kind = "the process is killed" | "the power goes";

/** Goes through an update until it is at rest, cut once at `at`. @returns how many points there are when nothing is cut */
async function update(world: World, at: number): Promise<number> {
  const cutter = cutAt(at, world);
  await world.run(medium, cutter.ports);
  for (let round = 0; round < MAX_ROUNDS; round++) {
    world.device.boot();
    await world.run(undefined, cutter.ports);
    if (["confirmed", "rolled-back"].includes(world.status().state)) break;
  }
  return cutter.count;
}

async function isCut(world: World, at: number): Promise<boolean> {
  try {
    await update(world, at);
    return false;
  } catch (error) {
    if (error instanceof PowerCut) return true;
    throw error;
  } finally {
    world.device.requireRoom = () => undefined;
  }
}

/** Runs to the end after a cut, with the medium still in. */
async function finish(world: World): Promise<void> {
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const { kind } = await world.run(medium);
    if (kind === "nothing") return;
    world.device.boot();
  }
  expect.fail(`no end in ${MAX_ROUNDS} rounds: ${world.status().message}`);
}

const bootedVersion = async ({ device }: World) => (await device.backend.bootFacts()).booted?.release?.version;

/** Holds at every moment: something good can boot, and no floor is above what was confirmed. */
async function expectSafe(world: World): Promise<void> {
  const { deployments } = await world.device.backend.bootFacts();
  const good = deployments.filter(({ state }) => state === "good");
  expect(good.length).toBeGreaterThan(0);
  const highest = Math.max(...good.map(({ release }) => release?.sequence ?? 0));
  expect(world.trust().floors["os"]?.sequence ?? 0).toBeLessThanOrEqual(highest);
}

/** One receipt for each attempt, and the first one; no serial is missing, and none stands for two. */
function expectReceipts({ paths, history }: World): void {
  const receipts = readReceiptLog(paths.stateDirectory);
  expect(receipts.map((it) => it?.receipt.serial)).toEqual(receipts.map((_, index) => index + 1));
  const attempts = history().flatMap((record) => (record.kind === "attempt" ? [record.attempt] : []));
  expect(receipts.map((it) => it?.receipt.attempt)).toEqual([null, ...attempts]);
}

/** The table of docs/recovery.md: `state booted medium` → outcome. */
function documentedOutcomes(): ReadonlyMap<string, string> {
  const text = readFileSync(new URL("../../../docs/recovery.md", import.meta.url), "utf8");
  const rows = text.matchAll(/^\| `([a-z-]+)` \| (yes|no) \| ([a-z-]+) \| ([a-z-]+) \|$/gm);
  return new Map(
    [...rows].flatMap(([, state, booted, without, with_]) => [
      [`${state} ${booted} without`, without ?? ""],
      [`${state} ${booted} with`, with_ ?? ""],
    ]),
  );
}

function stateOnDisk({ paths }: World): string {
  const file = peekStateFile(journalFile(paths.stateDirectory), journalSchema);
  expect(file.kind).not.toBe("damaged");
  return file.kind === "read" ? file.value.state : "idle";
}

describe("an update that is cut", () => {
  const documented = documentedOutcomes();

  it.each([
    ["the process is killed", "without"],
    ["the process is killed", "with"],
    ["the power goes", "without"],
    ["the power goes", "with"],
  ] as const)("because %s, goes on as documented %s its medium", { timeout: 240_000 }, async (kind: Kind, means) => {
    const points = await update(await openWorld(v1), Number.POSITIVE_INFINITY);
    expect(points).toBeGreaterThan(25);
    const seen = new Set<string>();
    for (let at = 1; at <= points; at++) {
      const world = await openWorld(v1);
      expect(await isCut(world, at)).toBe(true);
      await expectSafe(world);
      if (kind === "the power goes") world.device.boot();
      const state = stateOnDisk(world);
      const isBooted = (await bootedVersion(world)) === "2.0";
      const outcome = await world.run(means === "with" ? medium : undefined);
      const row = `${state} ${isBooted ? "yes" : "no"} ${means}`;
      expect([at, row, outcome.kind]).toEqual([at, row, documented.get(row)]);
      seen.add(row);
      await expectSafe(world);
      await finish(world);
      expect(await bootedVersion(world)).toBe("2.0");
      expect(world.trust().floors["os"]).toEqual({ sequence: 2, payloadDigest: v2.payloadDigest });
      expect(attemptsOf(world.history()).filter((attempt) => attempt === "confirmed")).toHaveLength(1);
      expectReceipts(world);
      expect(evaluatePermission(peekVerdicts(world.paths.stateDirectory), v2.payloadDigest).kind).toBe("may-try");
    }
    expect(seen.size).toBeGreaterThan(7);
  });
});

describe("a sick update that is cut", () => {
  it.each(["the process is killed", "the power goes"] as const)(
    "because %s, ends on the system before, and is not tried again",
    { timeout: 240_000 },
    async (kind: Kind) => {
      const openSick = async () => {
        // No child process: there are hundreds of checks here, and what one says is all that matters.
        const exec: Exec = async () => ({ exitCode: 1, stdout: Buffer.from("dark"), stderrTail: "" });
        const world = await openWorld(v1, { tries: 2, exec });
        world.program(CHECK, "exit 1");
        return world;
      };
      const points = await update(await openSick(), Number.POSITIVE_INFINITY);
      for (let at = 1; at <= points; at++) {
        const world = await openSick();
        expect(await isCut(world, at)).toBe(true);
        await expectSafe(world);
        if (kind === "the power goes") world.device.boot();
        await finish(world);
        expect([at, await bootedVersion(world)]).toEqual([at, "1.0"]);
        expect(world.trust().floors["os"]?.sequence ?? 1).toBe(1);
        expect(attemptsOf(world.history()).filter((attempt) => attempt.startsWith("rolled-back"))).toHaveLength(1);
        expectReceipts(world);
        expect(evaluatePermission(peekVerdicts(world.paths.stateDirectory), v2.payloadDigest).kind).toBe("unhealthy");
        expect((await world.run(medium)).kind).toBe("nothing");
      }
    },
  );
});
