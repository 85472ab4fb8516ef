/**
 * Scenario g: a stick that is pulled while it is read, at several stages. Each time the device says so and runs on; the
 * stick that comes back is not read from the start, and in the end the device is updated.
 */
import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import { afterAll, expect } from "vitest";
import type { FixtureEntry } from "../../support/oci-fixtures.ts";
import { entriesOf, untilBlessed } from "../rig/entries.ts";
import type { ImageVariant } from "../rig/images.ts";
import type { Machine } from "../rig/machine.ts";
import { INSTALLED, release, UPDATE } from "../rig/releases.ts";
import { story } from "../rig/story.ts";
import { bytesReadOf, plug, pull } from "../rig/usb.ts";
import { GOOD } from "../rig/variants.ts";

const MIB = 1 << 20;
const LAYER_MIB = 20;
/** Slow enough to be pulled in the middle of a layer. */
const BYTES_PER_SECOND = 3 * MIB;
const PATIENCE_SECONDS = 600; // what is on the device is digested before a layer is read
const RESUME_FILE = "/sysroot/bootferry/resume.json";

/** The same release with two large layers on top: the upper one is read first. */
const LARGE: ImageVariant = { ...GOOD, name: "large", layersAbove: [[large("lower")], [large("upper")]] };

function large(name: string): FixtureEntry {
  return { name: `usr/share/rig/${name}`, content: noise(name) };
}

/** Bytes that do not compress, the same in each run. */
function noise(name: string): Buffer {
  const blocks = Array.from({ length: (LAYER_MIB * MIB) / 64 }, (_, index) =>
    createHash("sha512").update(`${name} ${index}`).digest(),
  );
  return Buffer.concat(blocks);
}

const tally = { pulled: 0, unbootable: 0 };

story("g", "g: a stick that is pulled while it is read", ({ step, stage }) => {
  let device: Machine;
  let stick: string;
  let entries: readonly string[];

  /** The device has noticed, keeps what it runs, and nothing of the medium is left. */
  async function isUnharmed(): Promise<void> {
    await device.hears(/"state":"failed"/);
    tally.pulled++;
    await device.until("the media unit has ended", 60, async () => {
      const { output } = await device.tryRun("systemctl list-units --no-legend --plain 'bootferry-media@*'");
      return !/ (active|activating|deactivating) /.test(output) || undefined;
    });
    expect(device.isOn).toBe(true);
    expect(entriesOf(device)).toEqual(entries);
    expect(await device.run("ls -A /sysroot/bootferry/staging")).toBe("");
    expect(await device.run("cat /proc/*/mounts 2>/dev/null | grep /run/bootferry/media || true")).toBe("");
    const host = JSON.parse(await device.run("bootferry os status --json"));
    expect(host.status.booted.image.version).toBe(`${INSTALLED}.0`);
    expect(host.status.staged).toBeNull();
  }

  step("the device runs its installed release", async () => {
    stick = stage.stick("stick", await release({ sequence: UPDATE, variant: LARGE }));
    device = await stage.installedMachine();
    await device.powerOn();
    entries = entriesOf(device);
  });

  step("pulled while it is opened", async () => {
    await plug(device, "stick", stick, { bytesPerSecond: BYTES_PER_SECOND });
    await device.hears(/"state":"detected"/);
    await pull(device, "stick");
    await isUnharmed();
  });

  step("pulled in the middle of the first layer", async () => {
    await plug(device, "stick", stick, { bytesPerSecond: BYTES_PER_SECOND });
    await device.hears(/"state":"storing"/);
    const before = await bytesReadOf(device, "stick");
    await device.until("a part of the layer is read", PATIENCE_SECONDS, async () => {
      return (await bytesReadOf(device, "stick")) > before + 4 * MIB || undefined;
    });
    await pull(device, "stick");
    await isUnharmed();
  });

  step("pulled when one layer is on the device and the next is under way", async () => {
    await plug(device, "stick", stick, { bytesPerSecond: BYTES_PER_SECOND });
    await device.hears(/"state":"storing"/);
    await device.until("a layer is stored", PATIENCE_SECONDS, async () => {
      return (await device.tryRun(`test -e ${RESUME_FILE}`)).status === 0 || undefined;
    });
    await pull(device, "stick");
    await isUnharmed();
    console.log(await device.run("bootferry agent status; bootferry agent history"));
  });

  step("plugged in again it is not read from the start, and can soon be removed", async () => {
    await plug(device, "stick", stick);
    await device.hears(/You can remove the medium/i, PATIENCE_SECONDS);
    const bytes = await bytesReadOf(device, "stick");
    const stickBytes = statSync(stick).size;
    console.log(`read ${(bytes / MIB).toFixed(1)} MiB of a stick of ${(stickBytes / MIB).toFixed(1)} MiB`);
    expect(bytes).toBeGreaterThan(LAYER_MIB * MIB);
    expect(bytes).toBeLessThan(2 * LAYER_MIB * MIB);
    await pull(device, "stick");
  });

  step("the device reboots into it, and it is confirmed", async () => {
    tally.unbootable++;
    await device.reboots();
    await untilBlessed(device, 2);
    tally.unbootable--;
    expect(await device.run("sha256sum </usr/share/rig/upper")).toContain(
      createHash("sha256").update(noise("upper")).digest("hex"),
    );
    expect((await device.run("systemctl --failed --no-legend --plain")).trim()).toBe("");
  });
});

afterAll(() => console.log(`pulled sticks: ${tally.pulled}, unbootable machines: ${tally.unbootable}`));
