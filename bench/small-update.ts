/**
 * Bytes written for a small update: a device that runs the first Debian image takes the second.
 *
 * The device is asked (sectors below the file system), since that is what wears flash out. The file system's own part of
 * it is what is left when all new files are counted.
 */
import { mkdirSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { openLoopFilesystem } from "./loop-filesystem.ts";
import { run } from "./measure.ts";
import { bootferry, createArguments, installArguments, type Signing } from "./ours.ts";

export interface SmallUpdate {
  readonly writtenBytes: number;
  readonly newObjectsBytes: number;
  readonly imageBytes: number;
  /** New files on the boot partition: kernel and initramfs when they have changed, and the entry. */
  readonly bootBytes: number;
  /** The new deployment's own /etc and its records, in whole blocks. */
  readonly deploymentBytes: number;
  /** A stick with the update in full, and one with a delta since the first image. */
  readonly sticks: { readonly fullBytes: number; readonly deltaBytes: number };
}

export async function measureSmallUpdate(
  layouts: { readonly first: string; readonly second: string },
  scratch: string,
  signing: Signing,
): Promise<SmallUpdate> {
  const stick = join(scratch, "update-stick");
  mkdirSync(stick);
  await run(bootferry(...createArguments(layouts.first, stick, 1, signing)));
  await using filesystem = await openLoopFilesystem(join(scratch, "device"));
  const sysroot = join(filesystem.mountPoint, "sysroot");
  await run(bootferry(...installArguments(sysroot, stick, signing)));
  await run(bootferry("os", "simulate-boot", "--sysroot", sysroot));
  await run(bootferry("agent", "run", "--sysroot", sysroot)); // a device confirms what it runs before it takes anything new
  await run(bootferry(...createArguments(layouts.second, stick, 2, signing)));
  const sticks = await measureSticks(layouts.first, stick, scratch, signing);
  const sizes = () => ({
    objects: fileSizes(join(sysroot, "bootferry", "objects")),
    images: fileSizes(join(sysroot, "bootferry", "images")),
    boot: fileSizes(join(sysroot, "boot")),
    deploy: fileSizes(join(sysroot, "bootferry", "deploy"), filesystem.blockBytes),
  });
  const before = sizes();
  const update = bootferry("agent", "run", "--sysroot", sysroot, "--medium", stick);
  const writtenBytes = await filesystem.writtenBytes(() => run(update));
  const after = sizes();
  return {
    writtenBytes,
    newObjectsBytes: newBytes(before.objects, after.objects),
    imageBytes: newBytes(before.images, after.images),
    bootBytes: newBytes(before.boot, after.boot),
    deploymentBytes: newBytes(before.deploy, after.deploy),
    sticks,
  };
}

/** Writes the update to sticks of its own. */
async function measureSticks(first: string, both: string, scratch: string, signing: Signing) {
  const [full, delta, base] = ["update-full", "update-delta", "update-base"].map((name) => join(scratch, name));
  if (full === undefined || delta === undefined || base === undefined) throw new Error("three sticks were named");
  for (const stick of [full, delta, base]) mkdirSync(stick);
  await run(bootferry(...createArguments(first, base, 1, signing)));
  const copy = (to: string, ...more: string[]) =>
    run(bootferry("release", "copy", both, "--release", "bench@2.0.0", "--to", to, "--no-verify-written", ...more));
  await copy(full);
  await copy(delta, "--base", base);
  return { fullBytes: total(fileSizes(full)), deltaBytes: total(fileSizes(delta)) };
}

function total(sizes: ReadonlyMap<string, number>): number {
  return [...sizes.values()].reduce((sum, size) => sum + size, 0);
}

/** Sizes of the regular files below `directory`, by path, rounded up to whole blocks of `blockBytes`. */
function fileSizes(directory: string, blockBytes = 1): Map<string, number> {
  const sizes = new Map<string, number>();
  // Not `recursive: true`, which follows symlinks to directories.
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) for (const [below, size] of fileSizes(path, blockBytes)) sizes.set(below, size);
    else if (entry.isFile()) sizes.set(path, Math.ceil(statSync(path).size / blockBytes) * blockBytes);
  }
  return sizes;
}

/** The bytes of files that are in `after` and not in `before`. */
function newBytes(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): number {
  return [...after].reduce((sum, [path, size]) => (before.has(path) ? sum : sum + size), 0);
}
