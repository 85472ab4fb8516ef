/**
 * Scenario b: a stick with a good release, from plugging it in to the blessed boot entry.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { expect } from "vitest";
import { listEsp } from "../rig/disk.ts";
import type { Machine } from "../rig/machine.ts";
import { release, signedTree } from "../rig/releases.ts";
import { story } from "../rig/story.ts";
import { plug, pull } from "../rig/usb.ts";
import { GOOD } from "../rig/variants.ts";

story("b", "b: a good release on a vfat stick", ({ step, stage }) => {
  let device: Machine;
  let stick: string;
  let bytesOfStick: string;
  let before: readonly string[];

  step("the device runs release 1", async () => {
    stick = stage.stick("stick", await release({ sequence: 2, variant: GOOD }));
    bytesOfStick = sha256(stick);
    device = await stage.installedMachine();
    await device.powerOn();
    before = listEsp(device.disk, "loader/entries");
    expect(before).toHaveLength(1);
  });

  step('the stick goes in, and "You can remove the medium" is said', async () => {
    await plug(device, "stick", stick);
    await device.hears(/You can remove the medium/);
    expect(await device.run("grep /run/bootferry/media /proc/mounts || true")).toBe("");
  });

  step("the stick comes out; the device goes on and reboots by itself", async () => {
    await pull(device, "stick");
    expect(sha256(stick)).toBe(bytesOfStick);
    expect(await device.goesOff()).toBe("guest-reset");
    const counted = listEsp(device.disk, "loader/entries").filter((name) => !before.includes(name));
    expect(counted).toEqual([expect.stringMatching(/^bootferry-.+\+3\.conf$/)]);
  });

  step("release 2 boots, is found healthy, and its entry is blessed", async () => {
    await device.powerOn();
    await device.until("the new entry has no counter", 60, () => blessed(device) || undefined);
    expect(listEsp(device.disk, "loader/entries")).toHaveLength(2);
    expect(await device.run("cat /proc/cmdline")).toContain(await signedTree({ sequence: 2, variant: GOOD }));
    expect(await device.run("head -1 /usr/lib/rig/variant")).toBe("good\n");
    expect(await device.run("systemctl is-active boot-complete.target")).toBe("active\n");
  });

  step("the status says so in bootc's words", async () => {
    const host = JSON.parse(await device.run("bootferry os status --json"));
    expect(host).toMatchObject({ apiVersion: "org.containers.bootc/v1", kind: "BootcHost" });
    expect(host.status.booted.image.version).toBe("2.0");
    expect(host.status.rollback.image.version).toBe("1.0");
    expect(host.status.staged).toBeNull();
    console.log(await device.run("bootferry agent history; bootferry os status"));
  });

  step("and it stays so after another reboot", async () => {
    await device.rebootOrderly();
    expect(await device.run("head -1 /usr/lib/rig/variant")).toBe("good\n");
    expect(blessed(device)).toBe(true);
    expect((await device.run("systemctl --failed --no-legend --plain")).trim()).toBe("");
  });
});

function blessed(device: Machine): boolean {
  return listEsp(device.disk, "loader/entries").every((name) => !name.includes("+"));
}

function sha256(file: string): string {
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}
