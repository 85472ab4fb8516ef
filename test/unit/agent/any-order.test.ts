/**
 * Whatever people do to a device in whatever order: media in and out, power cycles, kills, checks that fail and recover,
 * approvals, rollbacks by hand. Something good can boot at every moment, and left in peace the device comes to rest.
 */
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { approveRelease } from "../../../src/agent/approve.ts";
import { isAtRest } from "../../../src/agent/states.ts";
import { withdrawAttempt } from "../../../src/agent/withdraw.ts";
import { CodedError } from "../../../src/error.ts";
import type { Exec } from "../../../src/host/exec.ts";
import type { AbsPath } from "../../../src/path.ts";
import { makeRelease, openWorld, type SignedRelease, STRANGER_KEY, type World, writeMedium } from "./agent-fixture.ts";

const RELEASES = [2, 3, 4] as const;
const CHECK = "usr/lib/bootferry/health.d/required/10-app";
const MAX_ROUNDS = 30; // three releases, three attempts of three tries, and some

let v1: SignedRelease;
let releases: readonly SignedRelease[];
let stranger: SignedRelease;
beforeAll(async () => {
  v1 = await makeRelease(1);
  releases = await Promise.all(RELEASES.map((sequence) => makeRelease(sequence)));
  stranger = await makeRelease(9, { key: STRANGER_KEY });
});

class Killed extends Error {}

type Step =
  | { readonly kind: "run"; readonly medium: number | undefined; readonly killAfter: number | undefined }
  | { readonly kind: "boot" | "approve" | "rollback" | "lose" }
  | { readonly kind: "health"; readonly isWell: boolean };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("run" as const),
      medium: fc.option(fc.nat({ max: 4 }), { nil: undefined }),
      killAfter: fc.option(fc.nat({ max: 30 }), { nil: undefined }),
    }),
  },
  { weight: 5, arbitrary: fc.constant({ kind: "boot" as const }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("health" as const), isWell: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom("approve" as const, "rollback" as const, "lose" as const).map((kind) => ({ kind })),
  },
);

/** 0-2: one release each; 3: all of them; 4: a stranger's. */
function media(): readonly AbsPath[] {
  return [...releases.map((release) => writeMedium([release])), writeMedium(releases), writeMedium([stranger])];
}

async function take(world: World, sticks: readonly AbsPath[], health: { isWell: boolean }, next: Step): Promise<void> {
  switch (next.kind) {
    case "run":
      return run(world, next.medium === undefined ? undefined : sticks[next.medium], next.killAfter);
    case "boot":
      return void world.device.boot();
    case "health":
      health.isWell = next.isWell;
      return;
    case "approve":
      return tolerate(async () => approveRelease(world.paths.stateDirectory, undefined, world.ports.clock));
    case "rollback":
      withdrawAttempt(world.paths.stateDirectory, world.ports.clock);
      return tolerate(() => world.device.backend.rollback());
    case "lose":
      return world.device.losePending();
  }
}

async function run(world: World, medium: AbsPath | undefined, killAfter: number | undefined): Promise<void> {
  let moments = 0;
  const nowUtc = () => {
    if (moments++ === killAfter) throw new Killed();
    return world.ports.clock.nowUtc();
  };
  try {
    await world.run(medium, { clock: { nowUtc } });
  } catch (error) {
    if (!(error instanceof Killed)) throw error;
  }
}

/** What a person asks for may be refused; it must not break anything. */
async function tolerate(action: () => Promise<unknown>): Promise<void> {
  try {
    await action();
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
  }
}

async function expectSafe(world: World): Promise<void> {
  const { deployments, booted } = await world.device.backend.bootFacts();
  expect(booted).toBeDefined();
  expect(deployments.some(({ state }) => state === "good")).toBe(true);
  expect(deployments.every(({ release }) => [1, ...RELEASES].includes(release?.sequence ?? 0))).toBe(true);
}

describe("a device", () => {
  it("stays safe in any order of events, and comes to rest when it is left in peace", {
    timeout: 240_000,
  }, async () => {
    const sticks = media();
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 14 }), async (steps) => {
        const health = { isWell: true };
        // No child process: there are thousands of checks here, and what one says is all that matters.
        const exec: Exec = async () => ({ exitCode: health.isWell ? 0 : 1, stdout: Buffer.alloc(0), stderrTail: "" });
        const world = await openWorld(v1, { exec });
        world.program(CHECK, "");
        const floors: number[] = [];
        for (const next of steps) {
          await take(world, sticks, health, next);
          await expectSafe(world);
          floors.push(world.trust().floors["os"]?.sequence ?? 0);
        }
        expect(floors).toEqual(floors.toSorted((a, b) => a - b)); // no floor ever sinks
        health.isWell = true;
        for (let round = 0; round < MAX_ROUNDS; round++) {
          const { kind } = await world.run(sticks[3]);
          await expectSafe(world);
          if (kind === "nothing") break;
          world.device.boot();
        }
        expect(isAtRest(world.status().state)).toBe(true);
        expect((await world.device.backend.bootFacts()).assessment).toBe("confirmed");
        expect((await world.run(sticks[3])).kind).toBe("nothing");
      }),
      { numRuns: 40 },
    );
  });
});
