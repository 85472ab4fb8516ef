/**
 * Scenario h: the power goes at a random moment between plugging the stick in and the blessed entry. Afterwards the
 * machine always boots, and a second plug finishes the job.
 *
 * VM_CUTS says how many cuts, VM_SEED repeats a run.
 */
import { afterAll, expect } from "vitest";
import { countersOf, entriesOf } from "../rig/entries.ts";
import { liveUntil } from "../rig/life.ts";
import type { Machine } from "../rig/machine.ts";
import { release, UPDATE } from "../rig/releases.ts";
import { SEED, seeded } from "../rig/seeded.ts";
import { story } from "../rig/story.ts";
import { plug } from "../rig/usb.ts";
import { GOOD } from "../rig/variants.ts";

const CUTS = Number(process.env["VM_CUTS"] ?? "3");
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
  ["the machine is on again", /power on, boot 2/],
  ["the new system is being mounted", /bootferry: deployment [0-9a-f]+\.2,/],
  ["it is being assessed", /"state":"assessing"/],
];

const tally = { cuts: 0, unbootable: 0, unfinished: 0 };

for (let cut = 1; cut <= CUTS; cut++) {
  story(`h-${cut}`, `h: power cut ${cut} of ${CUTS}`, ({ step, stage }) => {
    let device: Machine;
    let stick: string;

    step("the power goes at a random moment of the update", async () => {
      stick = stage.stick("stick", await release({ sequence: UPDATE, variant: GOOD }));
      device = await stage.installedMachine();
      await device.powerOn();
      await plug(device, "stick", stick);
      const [stageName, pattern] = STAGES[Math.floor(seeded(`stage ${cut}`) * STAGES.length)] ?? ["the start", /./];
      const seconds = seeded(`delay ${cut}`) * LONGEST_DELAY_SECONDS;
      expect(await liveUntil(device, FINISH_SECONDS, () => device.console.said(pattern))).toBe(true);
      await liveUntil(device, seconds, () => false);
      if (device.isOn) await device.cutPower();
      tally.cuts++;
      console.log(`cut ${cut} (VM_SEED=${SEED}): ${seconds.toFixed(1)} s after "${stageName}"`);
    });

    step("the machine boots", async () => {
      tally.unbootable++;
      await device.powerOn();
      tally.unbootable--;
      expect(entriesOf(device).length).toBeGreaterThan(0);
    });

    step("a second plug finishes the job", async () => {
      tally.unfinished++;
      if (device.isOn) await plug(device, "stick", stick);
      const isDone = () => entriesOf(device).length === 2 && countersOf(device).length === 0;
      expect(await liveUntil(device, FINISH_SECONDS, isDone)).toBe(true);
      await device.until(
        "the guest answers",
        FINISH_SECONDS,
        () => (device.isOn && device.qemu.channel.bootId) || undefined,
      );
      expect(await device.run("head -1 /usr/lib/rig/variant")).toBe("good\n");
      const host = JSON.parse(await device.run("bootferry os status --json"));
      expect(host.status.booted.image.version).toBe(`${UPDATE}.0`);
      tally.unfinished--;
    });
  });
}

afterAll(() => {
  console.log(
    `power cuts: ${tally.cuts} (VM_SEED=${SEED}), unbootable machines: ${tally.unbootable}, unfinished updates: ${tally.unfinished}`,
  );
});
