/**
 * Scenario h, its second half: a person cycles the power each time that the new system is being assessed, until its tries
 * are used up. That is no verdict on the release: the device tries it again by itself, and keeps it.
 */
import { expect } from "vitest";
import { countersOf, untilBlessed } from "../rig/entries.ts";
import type { Machine } from "../rig/machine.ts";
import { INSTALLED, release, UPDATE } from "../rig/releases.ts";
import { story } from "../rig/story.ts";
import { plug, pull } from "../rig/usb.ts";
import { SLOWLY_ASSESSED } from "../rig/variants.ts";

story("h-cycled", "h: the power is cycled while the new system is being assessed", ({ step, stage }) => {
  let device: Machine;

  step("a release is installed whose check takes its time", async () => {
    device = await stage.installedMachine();
    await device.powerOn();
    await plug(device, "stick", stage.stick("stick", await release({ sequence: UPDATE, variant: SLOWLY_ASSESSED })));
    await device.hears(/You can remove the medium/i);
    await pull(device, "stick");
    expect(await device.goesOff()).toBe("guest-reset");
    expect(countersOf(device)).toEqual(["+3"]);
  });

  for (const counter of ["+2-1", "+1-2", "+0-3"]) {
    step(`the power is cycled during the check, with the counter at ${counter}`, async () => {
      await device.pressPower();
      await device.hears(/"state":"assessing"/);
      await device.cutPower();
      expect(countersOf(device)).toEqual([counter]);
    });
  }

  step("the system before boots, records that nothing is known, and tries the release again", async () => {
    await device.pressPower();
    const { text } = await device.hears(/"state":"unassessed"/);
    expect(text).toContain("did not stay up long enough to be checked");
    const host = JSON.parse(await device.run("bootferry os status --json"));
    expect(host.status.booted.image.version).toBe(`${INSTALLED}.0`);
    expect(await device.goesOff()).toBe("guest-reset");
    expect(countersOf(device)).toEqual(["+3"]);
  });

  step("nobody touches it, and it is kept", async () => {
    await device.powerOn();
    await untilBlessed(device, 2);
    expect(await device.run("head -1 /usr/lib/rig/variant")).toBe(`${SLOWLY_ASSESSED.name}\n`);
    const history = await device.run("bootferry agent history");
    console.log(history);
    expect(history).toContain("used up its tries before its health was known");
    expect(history).toMatch(/confirmed/);
    expect(history).not.toMatch(/rolled-back|AGENT_UNHEALTHY/);
  });
});
