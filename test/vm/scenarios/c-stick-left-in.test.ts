/**
 * Scenario c: the stick is in before the power is on, stays in over the reboot, and is plugged in again later. It is
 * looked at each time, and nothing comes of it.
 */
import { expect } from "vitest";
import { entriesOf, untilBlessed } from "../rig/entries.ts";
import type { Machine } from "../rig/machine.ts";
import { release, UPDATE } from "../rig/releases.ts";
import { story } from "../rig/story.ts";
import { plug, pull, usbStick } from "../rig/usb.ts";
import { GOOD } from "../rig/variants.ts";

const NOTHING_NEW = new RegExp(`rig-os ${UPDATE}\\.0 \\(sequence ${UPDATE}\\) is installed already`);
const REST_SECONDS = 300;

story("c", "c: a stick that is left in, and plugged in again", ({ step, stage }) => {
  let device: Machine;
  let before: { readonly entries: readonly string[]; readonly history: string };

  const look = async () => ({
    entries: entriesOf(device),
    history: await device.run("bootferry agent history --json"),
  });
  /** What a look at a medium sets off has ended, too: without this, a reboot that is about to come would not be seen. */
  const atRest = () =>
    device.until("no unit of bootferry is at work", REST_SECONDS, async () => {
      const working =
        "systemctl list-jobs --no-legend --plain; systemctl list-units --state=activating --no-legend --plain";
      return !(await device.run(`{ ${working}; } | cat`)).includes("bootferry-") || undefined;
    });

  step("a device is updated from a stick that was in from the start, and nobody pulls it", async () => {
    const stick = stage.stick("stick", await release({ sequence: UPDATE, variant: GOOD }));
    device = await stage.installedMachine("device", { extra: usbStick("stick", stick) });
    await device.pressPower();
    await device.hears(/You can remove the medium/i);
    expect(await device.goesOff()).toBe("guest-reset");
  });

  step("with the stick in the new system is confirmed, looks at the stick, and stays as it is", async () => {
    await device.pressPower();
    await device.hears(NOTHING_NEW);
    await untilBlessed(device, 2);
    await atRest();
    before = await look();
  });

  step("another reboot with the stick in changes nothing", async () => {
    await device.run("systemctl reboot --no-block");
    expect(await device.goesOff()).toBe("guest-reset");
    await device.pressPower();
    await device.hears(NOTHING_NEW);
    await atRest();
    expect(await look()).toEqual(before);
  });

  step("pulled and plugged in again: nothing happens, and that is said", async () => {
    await pull(device, "stick");
    device.console.forgetWhatWasSaid();
    await plug(device, "stick", stage.path("stick.img"));
    await device.hears(NOTHING_NEW);
    await atRest();
    expect(await look()).toEqual(before);
    expect((await device.run("systemctl --failed --no-legend --plain")).trim()).toBe("");
    console.log(await device.run("bootferry agent status"));
  });
});
