/**
 * Scenario e, a damaged image: the disk loses a block of the new system's image before its first boot. The initramfs
 * finds that out by itself, each try ends in a reboot, and the old system comes back.
 */
import { expect } from "vitest";
import { flipBitOfRootFile } from "../rig/disk.ts";
import { countersOf } from "../rig/entries.ts";
import type { Machine } from "../rig/machine.ts";
import { INSTALLED, release, signedTree, UPDATE } from "../rig/releases.ts";
import { story } from "../rig/story.ts";
import { carryIn } from "../rig/usb.ts";
import { GOOD } from "../rig/variants.ts";

story("e-damaged-image", "e: a release whose image is damaged on the disk", ({ step, stage }) => {
  let device: Machine;

  step("it is stored and to be booted, and then a bit of its image flips", async () => {
    const update = { sequence: UPDATE, variant: GOOD };
    const stick = stage.stick("stick", await release(update));
    device = await stage.installedMachine();
    await device.powerOn();
    await carryIn(device, "stick", stick);
    const hex = (await signedTree(update)).replace(/^v1-sha256-12:/, "");
    flipBitOfRootFile(device.disk, `/bootferry/images/${hex}.cfs`);
  });

  for (const counter of ["+2-1", "+1-2", "+0-3"]) {
    step(`it is refused, and the machine reboots by itself, with the counter at ${counter}`, async () => {
      await device.pressPower();
      await device.hears(/cannot start deployment .*\.cfs is damaged/);
      expect(await device.goesOff()).toBe("guest-reset");
      expect(countersOf(device)).toEqual([counter]);
    });
  }

  step("the old system is back", async () => {
    await device.powerOn();
    const host = JSON.parse(await device.run("bootferry os status --json"));
    expect(host.status.booted.image.version).toBe(`${INSTALLED}.0`);
    await device.until("the agent has recorded it", 120, async () => {
      return (await device.run("bootferry agent history")).includes("used up its tries") || undefined;
    });
  });
});
