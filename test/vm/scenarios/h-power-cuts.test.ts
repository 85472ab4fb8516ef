/**
 * Scenario h: the power goes at random moments between plugging a stick in and the blessed entry, several times in the
 * life of a machine. After each cut the machine boots; in the end the stick is plugged in once more and the job is done.
 *
 * VM_CUTS says how many cuts, VM_SEED repeats a run.
 */
import { existsSync } from "node:fs";
import { afterAll, expect } from "vitest";
import { countersOf, entriesOf, isBlessed } from "../rig/entries.ts";
import type { ImageVariant } from "../rig/images.ts";
import { liveUntil } from "../rig/life.ts";
import type { Machine } from "../rig/machine.ts";
import { release, signedTree, UPDATE } from "../rig/releases.ts";
import { SEED, seeded } from "../rig/seeded.ts";
import { story } from "../rig/story.ts";
import { plug } from "../rig/usb.ts";
import { GOOD, marker } from "../rig/variants.ts";

const CUTS = Number(process.env["VM_CUTS"] ?? "3");
const CUTS_OF_A_LIFE = 4;
const FINISH_SECONDS = 900;
const LONGEST_DELAY_SECONDS = 15;

/** Where a cut starts to count its seconds: stages of an update, so that a slow machine is cut in all of them too. */
const STAGES: readonly (readonly [string, RegExp])[] = [
  ["the stick is in", /stick is plugged in/],
  ["the medium is being opened", /"state":"detected"/],
  ["the release is being stored", /"state":"storing"/],
  ["it is stored", /"state":"stored"/],
  ["it is staged", /"state":"staged"/],
  ["the reboot is asked for", /"state":"rebooting"/],
  ["the machine is on again", /power on, boot/],
  ["the new system is being mounted", /bootferry: deployment [0-9a-f]+\.\d+,/],
  ["it is being assessed", /"state":"assessing"/],
];

const tally = { cuts: 0, unbootable: 0, unfinished: 0 };

/** The nth release that a machine gets: as soon as it has one, the next stick brings another. */
function nthRelease(nth: number): { readonly sequence: number; readonly variant: ImageVariant } {
  const name = `good-${nth}`;
  return { sequence: UPDATE + nth, variant: { ...GOOD, name, layersAbove: [marker(name)] } };
}

for (let first = 1; first <= CUTS; first += CUTS_OF_A_LIFE) {
  const last = Math.min(first + CUTS_OF_A_LIFE - 1, CUTS);
  story(`h-${first}`, `h: power cuts ${first} to ${last} of ${CUTS}`, ({ step, stage }) => {
    let device: Machine;
    let nth = 0;
    let target: string;

    /** Puts the stick with the release in that the machine has not got yet. */
    async function plugNext(): Promise<void> {
      target = await signedTree(nthRelease(nth));
      const name = `stick-${nth}`;
      const file = stage.path(`${name}.img`);
      if (!existsSync(file)) stage.stick(name, await release(nthRelease(nth)));
      await plug(device, "stick", file);
    }

    /** Whatever it has to do first, also when it reboots on its own. */
    async function boots(): Promise<void> {
      const isUp = () => {
        const lines = device.console.lines;
        return (
          device.isOn &&
          device.console.said(
            /^RIG UP/,
            lines.findLastIndex(({ text }) => /^--- power on/.test(text)),
          )
        );
      };
      expect(await liveUntil(device, FINISH_SECONDS, isUp)).toBe(true);
    }

    step("the device runs its installed release", async () => {
      device = await stage.installedMachine();
      await device.powerOn();
    });

    for (let cut = first; cut <= last; cut++) {
      step(`cut ${cut}: the power goes at a random moment of an update, and the machine boots`, async () => {
        const [stageName, pattern] = STAGES[Math.floor(seeded(`stage ${cut}`) * STAGES.length)] ?? ["the start", /./];
        const seconds = seeded(`delay ${cut}`) * LONGEST_DELAY_SECONDS;
        const from = device.console.lines.length;
        await plugNext();
        const isThere = () => device.console.said(pattern, from);
        // A machine that a cut has left behind some stage does not come by it again: it is cut when it is done.
        expect(await liveUntil(device, FINISH_SECONDS, () => isThere() || isBlessed(device, target))).toBe(true);
        const moment = isThere()
          ? `${seconds.toFixed(1)} s after "${stageName}"`
          : `at its end, long after "${stageName}"`;
        if (isThere()) await liveUntil(device, seconds, () => false);
        if (device.isOn) await device.cutPower();
        tally.cuts++;
        console.log(`cut ${cut} (VM_SEED=${SEED}): ${moment}; entries: ${entriesOf(device).join(", ")}`);
        tally.unbootable++;
        await boots();
        tally.unbootable--;
        if (isBlessed(device, target)) nth++;
      });
    }

    step("the stick is plugged in once more, and the job is done", async () => {
      tally.unfinished++;
      await plugNext();
      expect(await liveUntil(device, FINISH_SECONDS, () => isBlessed(device, target))).toBe(true);
      await boots();
      const host = JSON.parse(await device.run("bootferry os status --json"));
      expect(host.status.booted.image.version).toBe(`${UPDATE + nth}.0`);
      expect(await device.run("head -1 /usr/lib/rig/variant")).toBe(`good-${nth}\n`);
      expect(countersOf(device)).toEqual([]);
      tally.unfinished--;
    });
  });
}

afterAll(() => {
  console.log(
    `power cuts: ${tally.cuts} (VM_SEED=${SEED}), unbootable machines: ${tally.unbootable}, unfinished updates: ${tally.unfinished}`,
  );
});
