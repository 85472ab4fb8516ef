/**
 * Scenario k: an update brings another kernel with an initramfs of its own, and a later one takes it away again. Each
 * deployment boots its own kernel, and the boot partition holds those that a deployment needs.
 *
 * The other kernel is that of Debian 13, from `test/vm/setup.sh --all`.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { expect } from "vitest";
import { kernelOf, modulesOf } from "../initramfs/kernels.ts";
import { listEsp } from "../rig/disk.ts";
import { untilBlessed } from "../rig/entries.ts";
import { goBack } from "../rig/go-back.ts";
import { type ImageVariant, kernelDirectory } from "../rig/images.ts";
import type { Machine } from "../rig/machine.ts";
import { release, UPDATE } from "../rig/releases.ts";
import { story } from "../rig/story.ts";
import { treeEntries } from "../rig/tree-entries.ts";
import { plug, pull } from "../rig/usb.ts";
import { GOOD, marker } from "../rig/variants.ts";

const OTHER = "Debian 13";
const OLD_VERSION = basename(kernelDirectory());
const MODULE = "isofs"; // that nothing has loaded

/** Of the kernel and the initramfs that the entry of what runs names. */
const DIGESTS_OF_BOOT_FILES = String.raw`set -e
id=$(sed 's/.*bootferry\.deployment=\([^ ]*\).*/\1/' /proc/cmdline)
for file in $(sed -n 's/^\(linux\|initrd\) *//p' /boot/loader/entries/bootferry-$id.conf); do
  sha256sum <"/boot$file" | cut -d' ' -f1
done`;

story("k", "k: another kernel, and back", ({ step, stage }) => {
  const other = { ...kernelOf(OTHER), ...modulesOf(OTHER) };
  let device: Machine;

  /** The base system with the other kernel in the place of its own. */
  function otherKernel(): ImageVariant {
    const directory = `usr/lib/modules/${other.version}`;
    return {
      name: "kernel",
      entries: [
        ...marker("kernel"),
        { name: `usr/lib/modules/.wh.${OLD_VERSION}` },
        ...treeEntries(other.directory, directory),
        { name: `${directory}/vmlinuz`, content: readFileSync(other.image) },
        { name: `${directory}/initramfs.img`, content: readFileSync(other.initramfs) },
      ],
    };
  }

  async function update(sequence: number, variant: ImageVariant): Promise<void> {
    const name = `stick-${sequence}`;
    await plug(device, name, stage.stick(name, await release({ sequence, variant })));
    await device.hears(/You can remove the medium/i);
    await pull(device, name);
    await device.reboots();
    await untilBlessed(device, 2);
    expect(await device.run("head -1 /usr/lib/rig/variant")).toBe(`${variant.name}\n`);
  }

  /** What runs, with which modules, and what the boot partition holds. */
  async function kernels() {
    return {
      running: (await device.run("uname -r")).trim(),
      modules: (await device.run("ls /usr/lib/modules")).trim(),
      onEsp: listEsp(device.disk, "bootferry").length,
    };
  }

  step("the device runs its kernel", async () => {
    device = await stage.installedMachine();
    await device.powerOn();
    expect(other.version).not.toBe(OLD_VERSION);
    expect(await kernels()).toEqual({ running: OLD_VERSION, modules: OLD_VERSION, onEsp: 1 });
  });

  step("an update boots the other kernel with the other initramfs, with fs-verity as before", async () => {
    await update(UPDATE, otherKernel());
    expect(await kernels()).toEqual({ running: other.version, modules: other.version, onEsp: 2 });
    expect(await device.run("findmnt --noheadings --output OPTIONS /")).toContain("verity=require");
    expect(await device.run(DIGESTS_OF_BOOT_FILES)).toBe(`${sha256(other.image)}\n${sha256(other.initramfs)}\n`);
    await device.run(`modprobe ${MODULE} && grep -q '^${MODULE} ' /proc/modules`); // the modules fit the kernel
    expect((await device.run("systemctl --failed --no-legend --plain")).trim()).toBe("");
  });

  step("going back boots the old kernel; the other one stays as long as its deployment", async () => {
    await goBack(device);
    expect(await kernels()).toEqual({ running: OLD_VERSION, modules: OLD_VERSION, onEsp: 2 });
  });

  step(
    "the next update has the old kernel: both systems share it, and the other one is off the boot partition",
    async () => {
      await update(UPDATE + 1, GOOD);
      expect(await kernels()).toEqual({ running: OLD_VERSION, modules: OLD_VERSION, onEsp: 1 });
      expect((await device.run("systemctl --failed --no-legend --plain")).trim()).toBe("");
    },
  );
});

function sha256(file: string): string {
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}
