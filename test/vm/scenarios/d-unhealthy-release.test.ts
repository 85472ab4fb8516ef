/**
 * Scenario d: a release that boots but is not well. The loader counts its tries down, the old system comes back, and the
 * device remembers what its check said.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { countersOf, entriesOf } from "../rig/entries.ts";
import type { Machine } from "../rig/machine.ts";
import { INSTALLED, release, UPDATE } from "../rig/releases.ts";
import { story } from "../rig/story.ts";
import { carryIn, plug } from "../rig/usb.ts";
import { UNHEALTHY } from "../rig/variants.ts";

const QUIET_MS = 20_000;

story("d", "d: a release whose health check fails", ({ step, stage }) => {
  let device: Machine;
  let stick: string;

  step("the release is signed, so it is stored and booted", async () => {
    stick = stage.stick("stick", await release({ sequence: UPDATE, variant: UNHEALTHY }));
    device = await stage.installedMachine();
    await device.powerOn();
    await carryIn(device, "stick", stick);
    expect(countersOf(device)).toEqual(["+3"]);
  });

  for (const counter of ["+2-1", "+1-2", "+0-3"]) {
    step(`its health check fails: reboot, with the counter at ${counter}`, async () => {
      await device.pressPower();
      await device.hears(/the screen stays dark/);
      expect(countersOf(device)).toEqual([counter]);
      expect(await device.goesOff()).toBe("guest-reset");
    });
  }

  step("the old system boots", async () => {
    await device.powerOn();
    expect((await device.tryRun("test -e /usr/lib/rig/variant")).status).not.toBe(0);
    await device.until("the agent has recorded it", 240, async () => {
      const history = await device.run("bootferry agent history");
      return history.includes("the screen stays dark") || undefined;
    });
    const host = JSON.parse(await device.run("bootferry os status --json"));
    expect(host.status.booted.image.version).toBe(`${INSTALLED}.0`);
    console.log(await device.run("bootferry agent history; bootferry agent status"));
  });

  step("plugged in again it is not tried again", async () => {
    const entries = entriesOf(device);
    await plug(device, "stick", stick);
    await sleep(QUIET_MS);
    expect(device.isOn).toBe(true);
    expect(entriesOf(device)).toEqual(entries);
    const host = JSON.parse(await device.run("bootferry os status --json"));
    expect(host.status.staged).toBeNull();
  });
});
