/**
 * Scenario m: a device whose udev starts nothing. `bootferry agent watch` hears of sticks by usb-detection, and looks
 * after bundles that are copied into its spool directory.
 */
import { expect } from "vitest";
import { countersOf, untilBlessed } from "../rig/entries.ts";
import type { Machine } from "../rig/machine.ts";
import { release, UPDATE } from "../rig/releases.ts";
import { story } from "../rig/story.ts";
import { plug, pull } from "../rig/usb.ts";
import { GOOD, SLOWLY_ASSESSED } from "../rig/variants.ts";

const SPOOL = "/var/spool/bootferry";
const COPY_SECONDS = 600; // of some hundred MB, on a slow machine
const LISTENING = /"source":"usb-detection".*Waiting for hints of new devices/;
const HINT = /"source":"usb-detection".*Something was plugged in or pulled out/;
const LOOKS_AT_SPOOL = /"medium":"\/var\/spool\/bootferry.*Looking at a medium/;

story("m", "m: agent watch with usb-detection", ({ step, stage }) => {
  let device: Machine;
  let spooled: string;
  const lookAtSpool = () => device.run(`cd ${SPOOL} && find . -type f -printf '%p %s %T@ %C@\\n' | sort`);

  step("udev's rule is masked, and the watch listens to usb-detection", async () => {
    device = await stage.installedMachine();
    await device.powerOn();
    await device.run("mkdir -p /etc/udev/rules.d && ln -s /dev/null /etc/udev/rules.d/70-bootferry.rules");
    await device.run("udevadm control --reload && systemctl enable bootferry-watch.service");
    await device.run("systemctl start --no-block bootferry-watch.service");
    await device.hears(LISTENING);
  });

  step("a stick with another label is noticed, and left alone", async () => {
    const contents = await release({ sequence: UPDATE + 1, variant: SLOWLY_ASSESSED });
    await plug(device, "transport", stage.stick("transport", contents, { label: "TRANSPORT" }));
    await device.hears(HINT);
    await device.until("the stick is there", 60, async () => {
      const { status } = await device.tryRun("mkdir -p /run/transport && mount -t vfat -o ro /dev/sda /run/transport");
      return status === 0 || undefined;
    });
  });

  step("a bundle is copied from it into the spool, and the copy stops halfway: it is not touched", async () => {
    await device.run(
      [
        "set -e",
        "mkdir /var/lib/rig && cp -r /run/transport/bootferry /var/lib/rig/bootferry && umount /run/transport",
        "cd /var/lib/rig/bootferry/blobs/sha256 && largest=$(ls -S | head -n 1)",
        "mkdir -p /var/lib/rig/half/bootferry/blobs/sha256 && cd ../..",
        "cp oci-layout index.json /var/lib/rig/half/bootferry/",
        "find blobs -type f ! -name $largest -exec cp -l {} /var/lib/rig/half/bootferry/blobs/sha256/ ';'",
        "head -c 1000000 blobs/sha256/$largest >/var/lib/rig/half/bootferry/blobs/sha256/$largest",
        `mv /var/lib/rig/half ${SPOOL}/bundle`,
      ].join("\n"),
      COPY_SECONDS,
    );
    const { text } = await device.hears(/A bundle is not complete yet/);
    expect(text).toContain(" has 1000000 of ");
    spooled = await lookAtSpool();
  });

  step("a medium is plugged in: usb-detection tells, and the agent takes it", async () => {
    await device.run("sleep 10"); // the hint of a stick that comes while the one before is still looked at is not told
    device.console.forgetWhatWasSaid();
    await plug(device, "stick", stage.stick("stick", await release({ sequence: UPDATE, variant: GOOD })));
    await device.hears(HINT);
    const { text } = await device.hears(/Looking at a medium/);
    expect(text).toMatch(/"medium":"\/dev\/sd[a-z]"/);
    await device.hears(/You can remove the medium/i);
    expect(await device.run("systemctl list-units --all --plain --no-legend 'bootferry-media@*'")).toBe("");
    await pull(device, "stick");
    expect(await device.goesOff()).toBe("guest-reset");
    expect(countersOf(device)).toEqual(["+3"]);
  });

  step("the new system is confirmed, and its watch listens as well", async () => {
    await device.pressPower();
    await device.hears(LISTENING);
    await untilBlessed(device, 2);
    expect(await device.run("head -1 /usr/lib/rig/variant")).toBe("good\n");
    expect((await device.run("systemctl --failed --no-legend --plain")).trim()).toBe("");
  });

  step("nobody has touched the half of a bundle; once it is whole it is taken", async () => {
    expect(await lookAtSpool()).toBe(spooled);
    expect(device.console.said(LOOKS_AT_SPOOL)).toBe(false);
    const rest = "blobs/sha256/$(ls -S /var/lib/rig/bootferry/blobs/sha256 | head -n 1)";
    await device.run(`cp /var/lib/rig/bootferry/${rest} ${SPOOL}/bundle/bootferry/blobs/sha256/`, COPY_SECONDS);
    await device.hears(LOOKS_AT_SPOOL);
    await device.hears(/"state":"stored"/);
    expect(await device.goesOff()).toBe("guest-reset");
    expect(countersOf(device)).toEqual(["+3"]);
  });
});
