/**
 * Scenario l: a PC with a BIOS and GRUB. A good release is installed and kept; the next one is not well, cannot even mount
 * /boot the first time, and GRUB goes back when it has counted its tries.
 */
import { expect } from "vitest";
import type { FixtureEntry } from "../../support/oci-fixtures.ts";
import { standingsOf, triesLeftOf } from "../rig/grub.ts";
import type { ImageVariant } from "../rig/images.ts";
import type { Installation } from "../rig/installed-disk.ts";
import type { Machine } from "../rig/machine.ts";
import { release, signedTree, UPDATE } from "../rig/releases.ts";
import { story } from "../rig/story.ts";
import { plug, pull } from "../rig/usb.ts";
import { GOOD, UNHEALTHY } from "../rig/variants.ts";

const BIOS: Installation = { firmware: "bios", options: ["--boot-loader grub"] };
const GIVE_UP = "/usr/lib/bootferry/reboot-if-unassessed 'a test'";

/** In its first boot the boot partition goes before it is mounted; its health check fails in the others. */
const LOSES_BOOT: readonly FixtureEntry[] = [
  {
    name: "usr/lib/systemd/system/rig-lose-boot.service",
    content: `[Unit]
DefaultDependencies=no
ConditionPathExists=!/var/lib/rig-lost-boot
Wants=dev-vda2.device
After=dev-vda2.device
Before=boot.mount
[Service]
Type=oneshot
ExecStart=/bin/sh -c 'touch /var/lib/rig-lost-boot; sync; rm /dev/vda2'
`,
  },
  {
    name: "usr/lib/systemd/system/local-fs.target.d/rig.conf",
    content: "[Unit]\nWants=rig-lose-boot.service\n",
  },
];
const SICK: ImageVariant = { name: "sick-without-boot", entries: [...UNHEALTHY.entries, ...LOSES_BOOT] };

story("l", "l: GRUB on a PC with a BIOS", ({ step, stage }) => {
  let device: Machine;
  let stick: string;

  const install = async (name: string, sequence: number, variant: ImageVariant) => {
    stick = stage.stick(name, await release({ sequence, variant }));
    await plug(device, name, stick);
    await device.hears(new RegExp(`Preparing rig-os ${sequence}\\.0 .*You can remove the medium`));
    await pull(device, name);
    expect(await device.goesOff()).toBe("guest-reset");
    expect(standingsOf(device)).toContain("counted 3");
    expect(triesLeftOf(device)).toBe("3");
  };

  step("SeaBIOS starts GRUB, and GRUB the installed system, without counting", async () => {
    device = await stage.installedMachine("device", { installation: BIOS });
    await device.powerOn();
    expect(standingsOf(device)).toEqual(["good"]);
    expect(triesLeftOf(device)).toBeUndefined();
    expect((await device.tryRun("test -e /sys/firmware/efi")).status).not.toBe(0);
    expect((await device.run("systemctl --failed --no-legend --plain")).trim()).toBe("");
  });

  step("a good release from a stick is stored, and armed for three tries", async () => {
    await install("good", UPDATE, GOOD);
  });

  step("GRUB counts the first try; the release is found healthy, and kept", async () => {
    await device.pressPower();
    await device.hears(/bootferry: deployment /);
    expect(triesLeftOf(device)).toBe("2");
    await device.hears(/^RIG UP/);
    await device.until("both entries are good", 180, () => standingsOf(device).join() === "good,good" || undefined);
    expect(triesLeftOf(device)).toBeUndefined();
    const commandLine = await device.run("cat /proc/cmdline");
    expect(commandLine).toContain(await signedTree({ sequence: UPDATE, variant: GOOD }));
    expect(commandLine).toMatch(/ bootferry\.trial=1\s*$/);
    expect(await device.run("head -1 /usr/lib/rig/variant")).toBe("good\n");
  });

  step("confirmed it is not rebooted, even when /boot cannot be read any more", async () => {
    expect(await device.run(`${GIVE_UP} 2>&1`)).toContain("this system is confirmed: not rebooted");
    const withoutBoot = `unshare --mount sh -c "umount /boot && mount -t tmpfs none /dev/disk && ${GIVE_UP} 2>&1"`;
    expect(await device.run(withoutBoot)).toContain("this system is confirmed: not rebooted");
  });

  step("the next release is armed in its turn", async () => {
    await install("sick", UPDATE + 1, SICK);
  });

  step("its first boot cannot mount /boot, and is given up", async () => {
    await device.pressPower();
    await device.hears(/this system is on trial: rebooting/);
    expect(triesLeftOf(device)).toBe("2");
    expect(await device.goesOff()).toBe("guest-reset");
  });

  for (const triesLeft of ["1", "0"]) {
    step(`its health check fails: reboot, with ${triesLeft} tries left`, async () => {
      await device.pressPower();
      await device.hears(/the screen stays dark/);
      expect(triesLeftOf(device)).toBe(triesLeft);
      expect(await device.goesOff()).toBe("guest-reset");
    });
  }

  step("GRUB starts the release before, which knows why", async () => {
    await device.powerOn();
    expect(await device.run("head -1 /usr/lib/rig/variant")).toBe("good\n");
    expect(await device.run("cat /proc/cmdline")).not.toContain("bootferry.trial");
    await device.until("the agent has recorded it", 180, async () => {
      return (await device.run("bootferry agent history")).includes("the screen stays dark") || undefined;
    });
    const host = JSON.parse(await device.run("bootferry os status --json"));
    expect(host.status.booted.image.version).toBe(`${UPDATE}.0`);
    console.log(await device.run("bootferry agent history; bootferry os status"));
  });

  step("plugged in again it is not tried again", async () => {
    const standings = standingsOf(device);
    await plug(device, "again", stick);
    await device.hears(/rig-os \S+ .* was tried already: it was not well on this device/);
    expect(device.isOn).toBe(true);
    expect(standingsOf(device)).toEqual(standings);
    const host = JSON.parse(await device.run("bootferry os status --json"));
    expect(host.status.staged).toBeNull();
  });
});
