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

/** A stick that comes while the unit of the one before is still ending is not taken: systemd drops the job that would start it. */
const UNTIL_UNIT_HAS_ENDED =
  "while systemctl list-units --plain --no-legend --state=activating,deactivating 'bootferry-media@*' | grep -q .; do sleep 1; done";

story("i", "i: tampered, unsigned, foreign and older sticks", ({ step, stage }) => {
  let device: Machine;
  let entries: readonly string[];

  const refuses = async (name: string, contents: string, code: RegExp) => {
    await plug(device, name, stage.stick(name, contents));
    await device.hears(code);
    await pull(device, name);
    await device.run(UNTIL_UNIT_HAS_ENDED);
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

  step("the history tells each of them", async () => {
    const history = await device.run("bootferry agent history");
    console.log(history);
    for (const code of ["OCI_BLOB_DIGEST_MISMATCH", "TRUST_KEY_UNKNOWN", "TRUST_SEQUENCE_OLDER"]) {
      expect(history).toContain(code);
    }
  });
});
