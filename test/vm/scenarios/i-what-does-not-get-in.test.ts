/**
 * Scenario i: sticks that a device must not believe. Each is refused with its reason, and the device runs on.
 */
import { expect } from "vitest";
import { entriesOf } from "../rig/entries.ts";
import type { Machine } from "../rig/machine.ts";
import { INSTALLED, release, UPDATE } from "../rig/releases.ts";
import { tampered, unsigned } from "../rig/spoil.ts";
import { story } from "../rig/story.ts";
import { plug, pull } from "../rig/usb.ts";
import { GOOD } from "../rig/variants.ts";

const DROP_INS = "/run/systemd/system/bootferry-media@.service.d";

story("i", "i: tampered, unsigned, foreign and older sticks", ({ step, stage }) => {
  let device: Machine;
  let entries: readonly string[];

  const refuses = async (name: string, contents: string, code: RegExp) => {
    await plug(device, name, stage.stick(name, contents));
    await device.hears(code);
    await pull(device, name);
    expect(entriesOf(device)).toEqual(entries);
    const host = JSON.parse(await device.run("bootferry os status --json"));
    expect(host.status.staged).toBeNull();
    expect(host.status.booted.image.version).toBe(`${INSTALLED}.0`);
  };

  step("the device runs its installed release", async () => {
    device = await stage.installedMachine();
    await device.powerOn();
    entries = entriesOf(device);
  });

  step("one flipped bit of a layer: refused", async () => {
    const good = await release({ sequence: UPDATE, variant: GOOD });
    await refuses("tampered", tampered(good, stage.path("tampered")), /OCI_BLOB_DIGEST_MISMATCH/);
  });

  step("no signature: refused", async () => {
    const good = await release({ sequence: UPDATE, variant: GOOD });
    await refuses("unsigned", unsigned(good, stage.path("unsigned")), /\[(TRUST|BUNDLE)_[A-Z_]+\]/);
  });

  step("signed by a stranger: refused", async () => {
    const foreign = await release({ sequence: UPDATE, variant: GOOD, key: "stranger" });
    await refuses("foreign", foreign, /TRUST_KEY_UNKNOWN/);
  });

  step("older than what runs: refused", async () => {
    const older = await release({ sequence: INSTALLED - 1, variant: GOOD });
    await refuses("older", older, /TRUST_SEQUENCE_OLDER/);
  });

  step("the next stick comes while the unit of the one before still ends: looked at after that", async () => {
    await device.run(
      `mkdir -p ${DROP_INS} && printf '[Service]\\nExecStopPost=/bin/sleep 20\\n' >${DROP_INS}/slow.conf && systemctl daemon-reload`,
    );
    const [foreign, older] = [
      await release({ sequence: UPDATE, variant: GOOD, key: "stranger" }),
      await release({ sequence: INSTALLED - 1, variant: GOOD }),
    ];
    await plug(device, "wrong", stage.stick("wrong", foreign));
    await device.hears(/TRUST_KEY_UNKNOWN/);
    await pull(device, "wrong");
    await plug(device, "next", stage.stick("next", older));
    await device.hears(/TRUST_SEQUENCE_OLDER/);
    expect((await device.run("ls /dev/sd*")).trim()).toBe("/dev/sda"); // the same unit is wanted for both
    await pull(device, "next");
  });

  step("the history tells each of them", async () => {
    const history = await device.run("bootferry agent history");
    console.log(history);
    for (const code of ["OCI_BLOB_DIGEST_MISMATCH", "TRUST_KEY_UNKNOWN", "TRUST_SEQUENCE_OLDER"]) {
      expect(history).toContain(code);
    }
  });
});
