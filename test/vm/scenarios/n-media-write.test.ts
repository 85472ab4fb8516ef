/**
 * Scenario n: the workstation. Sticks that are plugged into a running machine become media, plain and encrypted, and say
 * when they can be pulled. The workstation is the installer guest: udev, USB, vfat, exFAT and dm-crypt are real.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { writeFixtureImage, writeFixtureKeys } from "../../support/release-fixtures.ts";
import { bootInstaller } from "../rig/installer.ts";
import type { Machine } from "../rig/machine.ts";
import { blank } from "../rig/stick.ts";
import { story } from "../rig/story.ts";
import { tool } from "../rig/tool.ts";
import { plug, pull } from "../rig/usb.ts";

const STICK_MIB = 128;
const PATIENCE_SECONDS = 180; // the commands are slow under an emulated processor
const RELEASE =
  "oci-archive:/material/image.tar --name kiosk-os --compatible kiosk --key /material/release.key --root /material/root.json";

story("n", "n: media on the workstation", ({ step, stage }) => {
  let workstation: Machine;
  const stick = (name: string): string => {
    const file = stage.path(`${name}.img`);
    blank(file, STICK_MIB);
    return file;
  };

  /** Starts a command, and returns when it has said this. */
  async function start(command: string, says: RegExp): Promise<void> {
    await workstation.run(`{ ${command}; echo "status $?"; } >/run/said 2>&1 </dev/null & true`);
    await said(says);
  }
  async function said(pattern: RegExp): Promise<string> {
    return workstation.until(`${pattern} is said`, PATIENCE_SECONDS, async () => {
      const text = await workstation.run("cat /run/said");
      return pattern.test(text) ? text : undefined;
    });
  }
  async function isThere(device: string): Promise<void> {
    await workstation.until(`${device} is there`, PATIENCE_SECONDS, async () => {
      const { status } = await workstation.tryRun(`udevadm settle; test -b ${device}`);
      return status === 0 || undefined;
    });
  }

  step("the workstation is up, and knows its own disk", async () => {
    const material = stage.path("material");
    mkdirSync(material, { recursive: true });
    await writeFixtureKeys(material);
    await writeFixtureImage(stage.directory);
    tool("tar", "-C", join(stage.directory, "image"), "-cf", join(material, "image.tar"), ".");
    const random = join(material, "stick.key");
    tool("sh", "-c", 'head -c 64 /dev/urandom > "$0"', random);
    workstation = stage.machine(
      await bootInstaller({ directory: stage.directory, disks: [], files: { "/material": material } }),
    );
    expect(await workstation.run("bootferry media list")).toContain(
      "/dev/vda is a system disk: /dev/vda is mounted at /",
    );
  });

  step("media write --wait --format takes the stick that is plugged in", async () => {
    await start(
      `bootferry media write --wait --format --yes ${RELEASE} --sequence 1 --release-version 1.0`,
      /plug it in now/,
    );
    await plug(workstation, "first", stick("first"));
    const text = await said(/^status /m);
    console.log(text);
    expect(text).toContain("/dev/sda: QEMU");
    expect(text).toMatch(/verified {2}\d+ blobs, .* read back\n\nYou can remove the stick\.\nstatus 0\n$/);
    expect(text.indexOf("verifying")).toBeLessThan(text.indexOf("label it BOOTFERRY"));
    // switched off: gone, or a drive without a medium
    expect((await workstation.tryRun("lsblk -bdno SIZE /dev/sda 2>/dev/null || echo 0")).output.trim()).toBe("0");
    await pull(workstation, "first");
  });

  step("plugged in again it is a medium, and a second release goes beside the first", async () => {
    await start(`bootferry media write --wait ${RELEASE} --sequence next --release-version 2.0`, /plug it in now/);
    await plug(workstation, "again", stage.path("first.img"));
    const text = await said(/^status /m);
    console.log(text);
    expect(text).toContain("kiosk-os@2.0 (sequence 2)");
    expect(text).toContain("medium    /dev/sda1");
    expect(text).toMatch(/You can remove the stick\.\nstatus 0\n$/);
    await pull(workstation, "again");
  });

  step("what is mounted and what is part of the system is not formatted", async () => {
    await plug(workstation, "mounted", stage.path("first.img"));
    await isThere("/dev/sda1");
    await workstation.run("mkdir -p /media/usb; mount -t vfat /dev/sda1 /media/usb");
    console.log(await workstation.run("bootferry media list"));
    expect(await workstation.run("bootferry release list /media/usb")).toMatch(/kiosk-os@1\.0.*\n.*kiosk-os@2\.0/);
    expect((await workstation.tryRun("bootferry media format /dev/sda --yes 2>&1")).output).toContain(
      "[MEDIA_MOUNTED]",
    );
    expect((await workstation.tryRun("bootferry media format /dev/vda --yes 2>&1")).output).toContain(
      "[MEDIA_SYSTEM_DISK]",
    );
    expect(await workstation.run("bootferry media eject /dev/sda 2>&1")).toContain("You can remove the stick.");
    expect(await workstation.run("grep /media/usb /proc/mounts || true")).toBe("");
    await pull(workstation, "mounted");
  });

  step("an encrypted stick is made, written, and opened by its key alone", async () => {
    await plug(workstation, "locked", stick("locked"));
    await isThere("/dev/sda");
    const key = "--luks-key-file /material/stick.key";
    console.log(
      await workstation.run(`bootferry media format /dev/sda --yes --filesystem exfat ${key} 2>&1`, PATIENCE_SECONDS),
    );
    expect(await workstation.run("udevadm settle; lsblk -no FSTYPE,LABEL /dev/sda1")).toBe("crypto_LUKS BOOTFERRY\n");
    const dump = await workstation.run("cryptsetup luksDump /dev/sda1");
    expect(dump).toMatch(/PBKDF: +argon2id/);
    expect(Number(/Memory: +(\d+)/.exec(dump)?.[1])).toBeLessThanOrEqual(64 << 10);
    const write = `bootferry media write /dev/sda ${RELEASE} --sequence 3 --release-version 3.0`;
    const wrong = await workstation.tryRun(`${write} --luks-key-file /material/root.json 2>&1`, PATIENCE_SECONDS);
    expect(wrong.output).toContain("[MEDIA_WRONG_KEY]");
    const text = await workstation.run(`${write} ${key} 2>&1`, PATIENCE_SECONDS);
    console.log(text);
    expect(text).toMatch(/medium {4}\/dev\/sda1\nverified .*\n\nYou can remove the stick\.\n$/);
    expect(await workstation.run("ls /dev/mapper; ls -A /run/bootferry/write")).toBe("control\n");
    await pull(workstation, "locked");
  });

  step("every way to partition it and every file system", async () => {
    await plug(workstation, "plain", stick("plain"));
    await isThere("/dev/sda");
    for (const [filesystem, table, volume] of [
      ["vfat", "none", "/dev/sda"],
      ["exfat", "gpt", "/dev/sda1"],
      ["ext4", "gpt", "/dev/sda1"],
      ["exfat", "none", "/dev/sda"],
    ]) {
      const command = `bootferry media format /dev/sda --yes --quiet --filesystem ${filesystem} --partition-table ${table}`;
      expect(await workstation.run(command, PATIENCE_SECONDS)).toContain(`${volume} is a medium now: ${filesystem}`);
      expect(await workstation.run(`udevadm settle; lsblk -no FSTYPE,LABEL ${volume}`)).toBe(
        `${filesystem} BOOTFERRY\n`,
      );
      expect((await workstation.run("lsblk -lno NAME /dev/sda")).trim().split("\n")).toHaveLength(
        table === "gpt" ? 2 : 1,
      );
    }
  });
});
