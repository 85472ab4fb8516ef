/**
 * A medium that lies: at every call that the agent makes on it, in every way that a medium can. Whatever it answers, the
 * device refuses it in order and stays as it is, or installs what was signed; and the next honest medium is installed.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LyingDevice } from "../support/lying-device.ts";
import { mediumOfOne, tellEach } from "../support/lying-media.ts";
import type { MediumCall } from "../support/medium-calls.ts";
import { LIES, type LyingMedium } from "../support/medium-lies.ts";

const MINUTES = 60_000;

let device: LyingDevice;
let medium: LyingMedium;
let signed: ReadonlySet<string>;
let calls: readonly MediumCall[];

beforeAll(async () => {
  device = await LyingDevice.open();
  ({ medium, signed } = await mediumOfOne(device.device));
  const { told, wrong, calls: made } = await device.insert(medium, new Map(), signed);
  expect([told, wrong]).toEqual([expect.stringMatching(/^installed v1-sha256/), []]);
  calls = made;
});
afterAll(() => {
  medium?.[Symbol.dispose]();
  device?.[Symbol.dispose]();
});

describe("a medium with one release", () => {
  it("is asked for each of its blobs once, and never for a listing", () => {
    const opened = calls
      .filter(({ kind, path }) => kind === "open" && path.includes("/blobs/"))
      .map(({ path }) => path);
    expect(opened.length).toBeGreaterThan(5);
    expect(new Set(opened).size).toBe(opened.length);
  });

  it(
    "is refused, or what was signed is installed, whatever it says at any call",
    async () => {
      const { cases, told, wrong } = await tellEach(medium, calls, LIES, (lies) => device.insert(medium, lies, signed));
      const installed = [...told].reduce((sum, [what, count]) => (what.startsWith("installed") ? sum + count : sum), 0);
      const stopped = told.get("stopped") ?? 0;
      console.log(
        `lies of a medium with one release: ${cases} at ${calls.length} calls: ${installed} installed, ${stopped} stalled, ` +
          `${cases - installed - stopped} refused with ${told.size} outcomes, gone on from ${device.statesGoneOnFrom} states`,
      );
      expect(wrong).toEqual([]);
      expect(calls.length).toBeGreaterThan(40);
      expect(stopped).toBe(calls.length);
      expect(cases).toBeGreaterThan(8 * calls.length);
    },
    20 * MINUTES,
  );
});
