/**
 * Scenario c: the stick stays in over the reboot, and is plugged in again later: nothing happens.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { entriesOf, untilBlessed } from "../rig/entries.ts";
import type { Machine } from "../rig/machine.ts";
import { release, UPDATE } from "../rig/releases.ts";
import { story } from "../rig/story.ts";
import { plug, pull, usbStick } from "../rig/usb.ts";
import { GOOD } from "../rig/variants.ts";

/** Longer than any of the device's reactions to a stick that it wants to install. */
const QUIET_MS = 30_000;

story("c", "c: a stick that is left in, and plugged in again", ({ step, stage }) => {
  let device: Machine;
  let entries: readonly string[];
  let history: string;

  step("a device is updated, and nobody pulls the stick", async () => {
    const stick = stage.stick("stick", await release({ sequence: UPDATE, variant: GOOD }));
    device = await stage.installedMachine("device", { extra: usbStick("stick", stick) });
    await device.powerOn(); // the stick is in before the power is on: cold plug
    await device.reboots();
    await untilBlessed(device, 2);
    entries = entriesOf(device);
  });

  step("with the stick still in, the device stays as it is", async () => {
    await sleep(QUIET_MS);
    history = await device.run("bootferry agent history --json");
    expect(entriesOf(device)).toEqual(entries);
    expect(device.isOn).toBe(true);
  });

  step("another reboot with the stick in changes nothing either", async () => {
    await device.rebootOrderly();
    await sleep(QUIET_MS);
    expect(entriesOf(device)).toEqual(entries);
    expect(await device.run("bootferry agent history --json")).toBe(history);
  });

  step("pulled and plugged in again: nothing happens, and that is said", async () => {
    await pull(device, "stick");
    await plug(device, "stick", stage.path("stick.img"));
    await sleep(QUIET_MS);
    expect(device.isOn).toBe(true);
    expect(entriesOf(device)).toEqual(entries);
    expect((await device.run("systemctl --failed --no-legend --plain")).trim()).toBe("");
    console.log(await device.run("bootferry agent status"));
  });
});
