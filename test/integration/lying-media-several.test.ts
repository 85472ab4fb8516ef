/**
 * A medium with several releases and roots that lies, to a device and to the workstation: what could be read and verified
 * counts, what could not is refused, and nothing else happens.
 */
import { basename } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { StoppedBySignal } from "../../src/cli/stop-signal.ts";
import { EXIT } from "../../src/error.ts";
import { snapshotOf } from "../support/bad-media.ts";
import { runInProcess } from "../support/cli-in-process.ts";
import { LyingDevice } from "../support/lying-device.ts";
import { mediumOfSeveral, tellEach } from "../support/lying-media.ts";
import { type MediumCall, watchMedium } from "../support/medium-calls.ts";
import { FEW_LIES, LIES, type Lie, type LyingMedium } from "../support/medium-lies.ts";

const MINUTES = 60_000;
const SEED = Number(process.env["LIES_SEED"] ?? 20_261);
const INTERLEAVINGS = 50;

let device: LyingDevice;
let medium: LyingMedium;
let signed: ReadonlySet<string>;

beforeAll(async () => {
  device = await LyingDevice.open();
  ({ medium, signed } = await mediumOfSeveral(device.device));
});
afterAll(() => {
  medium?.[Symbol.dispose]();
  device?.[Symbol.dispose]();
});

const insert = (lies: ReadonlyMap<number, Lie>) => device.insert(medium, lies, signed);

describe("a medium with several releases and roots", () => {
  let calls: readonly MediumCall[];

  beforeAll(async () => {
    const clean = await insert(new Map());
    expect([clean.told, clean.wrong]).toEqual([expect.stringMatching(/^installed v1-sha256/), []]);
    calls = clean.calls;
  });

  it(
    "is refused, or one of its releases is installed, whatever it says at any call",
    async () => {
      const { cases, told, wrong } = await tellEach(medium, calls, FEW_LIES, insert);
      const installed = [...told].filter(([what]) => what.startsWith("installed"));
      console.log(`lies of a medium with several releases: ${cases} at ${calls.length} calls, ${told.size} outcomes`);
      expect(wrong).toEqual([]);
      expect(cases).toBeGreaterThan(2 * calls.length);
      expect(installed.length).toBe(signed.size); // one that cannot be read does not hide the other
    },
    20 * MINUTES,
  );

  it(
    `is refused, or one of its releases is installed, whatever it says in any order (LIES_SEED=${SEED})`,
    async () => {
      const told = new Map<string, number>();
      const at = fc.integer({ min: 1, max: calls.length });
      const lies = fc.array(fc.tuple(at, fc.constantFrom(...LIES)), { minLength: 2, maxLength: 12 });
      const property = fc.asyncProperty(lies, async (chosen) => {
        const run = await insert(new Map(chosen));
        told.set(run.told, (told.get(run.told) ?? 0) + 1);
        expect(run.wrong).toEqual([]);
      });
      await fc.assert(property, { seed: SEED, numRuns: INTERLEAVINGS });
      console.log(`lies in any order, LIES_SEED=${SEED}: ${INTERLEAVINGS} runs, ${told.size} outcomes`);
      expect(told.size).toBeGreaterThan(3);
    },
    20 * MINUTES,
  );
});

describe("release verify of a medium that lies", () => {
  /** Exit status and what was said; a call that stalls is followed by SIGTERM. */
  const verify = async (lies: ReadonlyMap<number, Lie>) => {
    const stop = new AbortController();
    const { directory } = device.device;
    const args = ["release", "verify", basename(medium.directory), "--root", "root.json"];
    const watch = await watchMedium(
      medium.directory,
      () => runInProcess(directory, args, {}, { signal: stop.signal }),
      {
        answer: medium.answer(lies),
        onStall: () => void setImmediate(() => stop.abort(new StoppedBySignal("SIGTERM"))),
      },
    );
    medium.restore();
    const open = stop.signal.aborted ? [] : watch.leftOpen.map((name) => `left ${name} open`);
    return { ...watch.result, calls: watch.calls, wrong: [...open, ...watch.strangers.map((it) => `called ${it}`)] };
  };

  it(
    "says good only of what is as it was signed",
    async () => {
      const honest = await verify(new Map());
      expect([honest.exitStatus, honest.wrong]).toEqual([0, []]);
      expect(honest.stdout.match(/^good /gm)).toHaveLength(5); // three releases, two roots
      const before = snapshotOf(device.device.directory);
      const { cases, told, wrong } = await tellEach(medium, honest.calls, FEW_LIES, async (lies) => {
        const run = await verify(lies);
        const { exitStatus, stdout, stderr } = run;
        const isRefused = exitStatus === EXIT.medium && /\[[A-Z]+_[A-Z_]+\]\n\s*(help: )?\S.{10}/.test(stdout + stderr);
        const isStopped = exitStatus === 143 && /^interrupted by SIGTERM/m.test(stderr);
        const isGood = exitStatus === EXIT.done && stdout === honest.stdout;
        const wrongEnd = isGood || isRefused || isStopped ? [] : [stdout + stderr];
        return { told: `${exitStatus}`, wrong: [...run.wrong, ...wrongEnd] };
      });
      console.log(
        `lies to release verify: ${cases} at ${honest.calls.length} calls: ${[...told].map(([status, count]) => `${count} × ${status}`).join(", ")}`,
      );
      expect(wrong).toEqual([]);
      expect(told.get("143")).toBe(honest.calls.length);
      expect(snapshotOf(device.device.directory)).toEqual(before);
    },
    20 * MINUTES,
  );
});
