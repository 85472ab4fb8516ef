/** A medium with a delta that lies: as lying-media.test.ts, with an object pack in place of the layers. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LyingDevice } from "../support/lying-device.ts";
import { mediumOfDelta, tellEach } from "../support/lying-media.ts";
import type { MediumCall } from "../support/medium-calls.ts";
import { FEW_LIES, type LyingMedium } from "../support/medium-lies.ts";

const MINUTES = 60_000;

let device: LyingDevice;
let medium: LyingMedium;
let signed: ReadonlySet<string>;
let calls: readonly MediumCall[];

beforeAll(async () => {
  device = await LyingDevice.open();
  ({ medium, signed } = await mediumOfDelta(device.device));
  const { told, wrong, calls: made } = await device.insert(medium, new Map(), signed);
  expect([told, wrong]).toEqual([expect.stringMatching(/^installed v1-sha256/), []]);
  calls = made;
});
afterAll(() => {
  medium?.[Symbol.dispose]();
  device?.[Symbol.dispose]();
});

describe("a medium with a delta", () => {
  it("is asked for each of its blobs once, and never for a listing", () => {
    const opened = calls
      .filter(({ kind, path }) => kind === "open" && path.includes("/blobs/"))
      .map(({ path }) => path);
    expect(opened.length).toBeGreaterThan(7);
    expect(new Set(opened).size).toBe(opened.length);
  });

  it(
    "is refused, or what was signed is installed, whatever it says at any call",
    async () => {
      const { cases, told, wrong } = await tellEach(medium, calls, FEW_LIES, (lies) =>
        device.insert(medium, lies, signed),
      );
      const installed = [...told].reduce((sum, [what, count]) => (what.startsWith("installed") ? sum + count : sum), 0);
      console.log(
        `lies of a medium with a delta: ${cases} at ${calls.length} calls: ${installed} installed, ${told.size} outcomes`,
      );
      expect(wrong).toEqual([]);
      expect(calls.length).toBeGreaterThan(40);
      expect(cases).toBeGreaterThan(2 * calls.length);
    },
    20 * MINUTES,
  );
});
