/**
 * Scenario a: a device is installed from a stick, and boots by itself into exactly what was signed.
 */
import { readFileSync } from "node:fs";
import { expect } from "vitest";
import { flipBitOfRootFile, listEsp } from "../rig/disk.ts";
import { installedDisk } from "../rig/installed-disk.ts";
import type { Machine } from "../rig/machine.ts";
import { INSTALLED, signedTree } from "../rig/releases.ts";
import { story } from "../rig/story.ts";

story("a", "a: os install to-disk, first boot", ({ step, stage }) => {
  let device: Machine;
  let signedDigest: string;

  step("an installer writes release 1 to an empty disk", async () => {
    const { transcript } = await installedDisk();
    console.log(readFileSync(transcript, "utf8"));
    signedDigest = await signedTree({ sequence: INSTALLED });
  });

  step("the disk boots by itself", async () => {
    device = await stage.installedMachine();
    console.log(`first boot: ${(await device.powerOn()).toFixed(1)} s`);
    expect(listEsp(device.disk, "loader/entries")).toHaveLength(1);
  });

  step("/ is the composefs image of the signed digest, and fs-verity is required of every object", async () => {
    expect(await device.run("cat /proc/cmdline")).toContain(`composefs.digest=${signedDigest}`);
    const root = await device.run("findmnt --noheadings --output FSTYPE,OPTIONS /");
    expect(root).toMatch(/^overlay\s/);
    expect(root).toMatch(/\bro\b/);
    expect(root).toContain("verity=require");
  });

  step("/etc and /var take writes; /usr does not", async () => {
    await device.run("touch /etc/written /var/written && sync");
    const { status, output } = await device.tryRun("touch /usr/written");
    expect(status).not.toBe(0);
    expect(output).toContain("Read-only file system");
  });

  step("no unit has failed", async () => {
    expect((await device.run("systemctl --failed --no-legend --plain")).trim()).toBe("");
  });

  step("an object refuses to be written, even by root", async () => {
    const object = await objectOf(device, "/usr/bin/bootferry");
    const { status, output } = await device.tryRun(`echo x >>/sysroot${object}`);
    expect(status).not.toBe(0);
    expect(output).toContain("Operation not permitted");
  });

  step("an object whose bytes changed on the disk gives EIO, not wrong data", async () => {
    const victim = "/usr/bin/timedatectl";
    const object = await objectOf(device, victim);
    await device.shutDown();
    flipBitOfRootFile(device.disk, object);
    await device.powerOn();
    const { status, output } = await device.tryRun(`cat ${victim} >/dev/null`);
    expect(status).not.toBe(0);
    expect(output).toContain("Input/output error");
  });
});

/** The path of a file's object on the root file system, by its inode's size and contents. */
async function objectOf(device: Machine, file: string): Promise<string> {
  const digest = (await device.run(`fsverity digest --compact $(realpath ${file})`)).trim();
  return `/bootferry/objects/${digest.slice(0, 2)}/${digest.slice(2)}`;
}
