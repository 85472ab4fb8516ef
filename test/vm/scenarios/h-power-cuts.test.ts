/**
 * Scenario h: the power goes at a random moment between plugging the stick in and the blessed entry. Afterwards the
 * machine always boots, and a second plug finishes the job.
 *
 * VM_CUTS says how many cuts, VM_SEED repeats a run.
 */
import { afterAll, expect } from "vitest";
import { countersOf, entriesOf, untilBlessed } from "../rig/entries.ts";
import { liveUntil } from "../rig/life.ts";
import type { Machine } from "../rig/machine.ts";
import { release, UPDATE } from "../rig/releases.ts";
import { SEED, seeded } from "../rig/seeded.ts";
import { story } from "../rig/story.ts";
import { plug } from "../rig/usb.ts";
import { GOOD } from "../rig/variants.ts";

const CUTS = Number(process.env["VM_CUTS"] ?? "3");
const FINISH_SECONDS = 600;

/** Seconds from plug to blessed without a cut; the first story measures them. */
let untilBlessedSeconds = 150;
const tally = { cuts: 0, unbootable: 0, unfinished: 0 };

story("h-measure", "h: how long an update takes from plug to blessed, without a cut", ({ step, stage }) => {
  step("measured", async () => {
    const device = await stage.installedMachine();
    const stick = stage.stick("stick", await release({ sequence: UPDATE, variant: GOOD }));
    await device.powerOn();
    const started = Date.now();
    await plug(device, "stick", stick);
    await device.reboots();
    await untilBlessed(device, 2);
    untilBlessedSeconds = (Date.now() - started) / 1000;
    console.log(`from plug to blessed: ${untilBlessedSeconds.toFixed(0)} s; the seed of the cuts is VM_SEED=${SEED}`);
  });
});

for (let cut = 1; cut <= CUTS; cut++) {
  story(`h-${cut}`, `h: power cut ${cut} of ${CUTS}`, ({ step, stage }) => {
    let device: Machine;
    let stick: string;

    step("the power goes at a random moment of the update", async () => {
      stick = stage.stick("stick", await release({ sequence: UPDATE, variant: GOOD }));
      device = await stage.installedMachine();
      await device.powerOn();
      await plug(device, "stick", stick);
      const seconds = seeded(`cut ${cut}`) * untilBlessedSeconds;
      await liveUntil(device, seconds, () => false);
      const said = device.console.lines.findLast(({ text }) => /"state":|bootferry/.test(text))?.text.slice(0, 160);
      if (device.isOn) await device.cutPower();
      tally.cuts++;
      console.log(`cut ${cut} (VM_SEED=${SEED}): ${seconds.toFixed(1)} s after plug, at: ${said}`);
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
