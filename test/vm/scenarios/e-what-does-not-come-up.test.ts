/**
 * Scenario e: releases that never get as far as a health check. Whatever stops them, each boot ends in a reboot by itself,
 * the loader counts, the old system comes back, and it tells what is known.
 */
import { expect } from "vitest";
import type { FixtureEntry } from "../../support/oci-fixtures.ts";
import { countersOf } from "../rig/entries.ts";
import type { ImageVariant } from "../rig/images.ts";
import type { Machine } from "../rig/machine.ts";
import { INSTALLED, release, UPDATE } from "../rig/releases.ts";
import { story } from "../rig/story.ts";
import { carryIn } from "../rig/usb.ts";
import { marker } from "../rig/variants.ts";

interface Failure {
  readonly title: string;
  readonly variant: ImageVariant;
  /** What the console says at each try. */
  readonly said: RegExp;
  /** What the history says of it in the end. */
  readonly told: RegExp;
}

const systemdFile = (path: string, content: string): FixtureEntry => ({ name: `usr/lib/systemd/${path}`, content });

/** A service that is started before sysinit.target, which waits for it. */
function early(command: string): readonly FixtureEntry[] {
  const service = `[Service]\nType=oneshot\nTimeoutStartSec=infinity\nExecStart=${command}\n`;
  return [
    systemdFile("system/rig-early.service", `[Unit]\nDefaultDependencies=no\nBefore=sysinit.target\n${service}`),
    systemdFile("system/sysinit.target.d/rig.conf", "[Unit]\nRequires=rig-early.service\nAfter=rig-early.service\n"),
  ];
}

function variant(name: string, ...entries: readonly FixtureEntry[]): ImageVariant {
  return { name, entries: [...marker(name), ...entries] };
}

const USED_UP = "used up its tries before its health was known";

const FAILURES: readonly Failure[] = [
  {
    title: "whose init does not start",
    variant: variant("no-init", { ...systemdFile("systemd", `no program ${"-".repeat(100)}\n`), mode: 0o755 }),
    said: /Kernel panic - not syncing/,
    told: new RegExp(USED_UP),
  },
  {
    title: "whose kernel panics",
    variant: variant("panic", ...early("/bin/sh -c 'echo c >/proc/sysrq-trigger'")),
    said: /Kernel panic - not syncing: sysrq triggered crash/,
    told: new RegExp(USED_UP),
  },
  {
    title: "that hangs before it can be assessed",
    variant: variant(
      "hang",
      ...early("/bin/sleep infinity"),
      systemdFile("system/bootferry-boot-deadline.timer.d/rig.conf", "[Timer]\nOnBootSec=\nOnBootSec=60s\n"),
    ),
    said: /was not found well in time; this system is on trial: rebooting/,
    told: new RegExp(`${USED_UP}: this boot was not found well in time \\(3 times\\)`),
  },
  {
    title: "that ends in emergency mode",
    variant: variant(
      "emergency",
      systemdFile(
        "system/rig-broken.service",
        "[Unit]\nDefaultDependencies=no\nBefore=local-fs.target\n[Service]\nType=oneshot\nExecStart=/bin/false\n",
      ),
      systemdFile(
        "system/local-fs.target.d/rig.conf",
        "[Unit]\nRequires=rig-broken.service\nAfter=rig-broken.service\n",
      ),
    ),
    said: /the boot ended in emergency mode; this system is on trial: rebooting/,
    told: new RegExp(`${USED_UP}: the boot ended in emergency mode \\(3 times\\)`),
  },
];

for (const { title, variant: broken, said, told } of FAILURES) {
  story(`e-${broken.name}`, `e: a release ${title}`, ({ step, stage }) => {
    let device: Machine;

    step("it is signed, so it is stored and booted", async () => {
      const stick = stage.stick("stick", await release({ sequence: UPDATE, variant: broken }));
      device = await stage.installedMachine();
      await device.powerOn();
      await carryIn(device, "stick", stick);
    });

    for (const counter of ["+2-1", "+1-2", "+0-3"]) {
      step(`it does not come up, and the machine reboots by itself, with the counter at ${counter}`, async () => {
        await device.pressPower();
        await device.hears(said);
        expect(await device.goesOff()).toBe("guest-reset");
        expect(countersOf(device)).toEqual([counter]);
      });
    }

    step("the old system is back, and tells what is known", async () => {
      await device.powerOn();
      await device.until("the agent has recorded it", 300, async () => {
        return told.test(await device.run("bootferry agent history")) || undefined;
      });
      const host = JSON.parse(await device.run("bootferry os status --json"));
      expect(host.status.booted.image.version).toBe(`${INSTALLED}.0`);
    });
  });
}
