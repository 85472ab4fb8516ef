/** The guest that installs: a Debian system on an ext4 disk of its own, started by QEMU past any boot loader. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { CACHE } from "./cache.ts";
import { GUEST_TREE, kernelDirectory } from "./images.ts";
import { Machine } from "./machine.ts";
import { tool } from "./tool.ts";

/** What the guests get so that they are quick under an emulated processor, and so that the rig hears them. */
export const RIG_KARGS = [
  ...["console=ttyS0", "mitigations=off", "apparmor=0", "audit=0", "nokaslr", "norandmaps", "quiet", "loglevel=4"],
  ...["systemd.show_status=0", "TERM=dumb"],
];

const DISK_MIB = 1024;

export interface InstallerOptions {
  readonly directory: string;
  /** What it installs onto: /dev/vdb … */
  readonly disks: readonly string[];
  /** Directories of this machine that it finds in its root: `/provisioning`. */
  readonly files?: Readonly<Record<string, string>>;
  readonly firmware?: "uefi" | "bios";
}

/** Powers it on and waits until it is up. */
export async function bootInstaller(options: InstallerOptions): Promise<Machine> {
  const { directory, disks, files = {}, firmware = "uefi" } = options;
  const disk = join(directory, "installer.raw");
  mkdirSync(directory, { recursive: true });
  tool("mkfs.ext4", "-q", "-F", "-O", "verity", "-d", join(CACHE, "installer"), disk, `${DISK_MIB}M`);
  for (const [target, source] of Object.entries(files)) copyInto(disk, source, target);
  const kernel = {
    image: join(GUEST_TREE, kernelDirectory(), "vmlinuz"),
    initramfs: join(GUEST_TREE, kernelDirectory(), "initramfs.img"),
    commandLine: ["root=/dev/vda", "rw", ...RIG_KARGS].join(" "),
  };
  const installer = new Machine({ name: "installer", directory, firmware, qemu: { disks: [disk, ...disks], kernel } });
  await installer.powerOn();
  return installer;
}

/** Copies the files of a directory into a new directory of an ext4 image. */
function copyInto(disk: string, source: string, target: string): void {
  const files = tool("find", source, "-maxdepth", "1", "-type", "f", "-printf", "%f\\n").trim().split("\n");
  const commands = [`mkdir ${target}`, ...files.map((file) => `write ${join(source, file)} ${target}/${file}`)];
  tool("sh", "-c", `printf '%s\\n' "$@" | debugfs -w -f - "$0"`, disk, ...commands);
}
