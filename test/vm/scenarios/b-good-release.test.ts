/**
 * Scenario b: a stick with a good release, from plugging it in to the blessed boot entry.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { expect } from "vitest";
import { countersOf, entriesOf, untilBlessed } from "../rig/entries.ts";
import type { Machine } from "../rig/machine.ts";
import { INSTALLED, release, signedTree, UPDATE } from "../rig/releases.ts";
import { story } from "../rig/story.ts";
import { plug, pull } from "../rig/usb.ts";
import { GOOD } from "../rig/variants.ts";

story("b", "b: a good release on a vfat stick", ({ step, stage }) => {
  let device: Machine;
  let stick: string;
  let bytesOfStick: string;

  step("the device runs its installed release", async () => {
    stick = stage.stick("stick", await release({ sequence: UPDATE, variant: GOOD }));
    bytesOfStick = sha256(stick);
    device = await stage.installedMachine();
    await device.powerOn();
    expect(entriesOf(device)).toHaveLength(1);
    expect(countersOf(device)).toEqual([]);
  });

  step('the stick goes in, and "You can remove the medium" is said', async () => {
    await plug(device, "stick", stick);
    await device.hears(/You can remove the medium/i);
    expect(await device.run("cat /proc/*/mounts 2>/dev/null | grep /run/bootferry/media || true")).toBe("");
  });

  step("the stick comes out; the device goes on, and reboots by itself into a counted entry", async () => {
    await pull(device, "stick");
    expect(sha256(stick)).toBe(bytesOfStick); // nothing was written to it
    expect(await device.goesOff()).toBe("guest-reset");
    expect(device.console.said(/could not/)).toBe(false);
    expect(countersOf(device)).toEqual(["+3"]);
  });

  step("the new release boots, is found healthy, and its entry is blessed", async () => {
    await device.powerOn();
    await untilBlessed(device, 2);
    expect(await device.run("cat /proc/cmdline")).toContain(await signedTree({ sequence: UPDATE, variant: GOOD }));
    expect(await device.run("head -1 /usr/lib/rig/variant")).toBe("good\n");
    await device.until("boot-complete.target is reached", 240, async () => {
      return (await device.tryRun("systemctl is-active boot-complete.target")).status === 0 || undefined;
    });
  });

  step("the status says so in bootc's words", async () => {
    const host = JSON.parse(await device.run("bootferry os status --json"));
    expect(host).toMatchObject({ apiVersion: "org.containers.bootc/v1", kind: "BootcHost" });
    expect(host.status.booted.image.version).toBe(`${UPDATE}.0`);
    expect(host.status.rollback.image.version).toBe(`${INSTALLED}.0`);
    expect(host.status.staged).toBeNull();
    console.log(await device.run("bootferry agent history; bootferry os status"));
  });

  step("and it stays so after another reboot", async () => {
    await device.rebootOrderly();
    expect(await device.run("head -1 /usr/lib/rig/variant")).toBe("good\n");
    expect(countersOf(device)).toEqual([]);
    expect((await device.run("systemctl --failed --no-legend --plain")).trim()).toBe("");
  });
});

function sha256(file: string): string {
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}
