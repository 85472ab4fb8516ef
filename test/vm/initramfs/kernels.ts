/** The kernels of the matrix, each with an initramfs that its own release of Debian made, and our parts in it. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { CACHE } from "../rig/cache.ts";
import { GUEST_TREE, kernelDirectory } from "../rig/images.ts";

export interface Kernel {
  readonly image: string;
  readonly initramfs: string;
}

/** What an image needs besides to run this kernel. */
export interface KernelModules {
  readonly version: string;
  readonly directory: string;
}

const DIRECTORIES = {
  /** Linux 6.1: no data-only layers, no `verity=`. */
  "Debian 12": () => ({ directory: join(CACHE, "kernel-bookworm"), setUp: "test/vm/setup.sh" }),
  /** Linux 6.12: the first long-term kernel with all of it. */
  "Debian 13": () => ({ directory: join(CACHE, "kernel-trixie"), setUp: "test/vm/setup.sh --all" }),
  /** That of the guests of the scenarios. */
  "Debian forky": () => ({ directory: join(GUEST_TREE, kernelDirectory()), setUp: "test/vm/setup.sh" }),
  "Debian forky with dracut": () => ({ directory: join(CACHE, "kernel-dracut"), setUp: "test/vm/setup.sh --all" }),
} as const;

export type KernelName = keyof typeof DIRECTORIES;

/** @throws when it was not made */
export function kernelOf(name: KernelName): Kernel {
  const { directory, setUp } = DIRECTORIES[name]();
  const kernel = { image: join(directory, "vmlinuz"), initramfs: join(directory, "initramfs.img") };
  if (!existsSync(kernel.initramfs)) throw new Error(`${kernel.initramfs} is missing: run ${setUp} first, as root`);
  return kernel;
}

/** @throws when they were not made */
export function modulesOf(name: Exclude<KernelName, "Debian forky">): KernelModules {
  const { directory, setUp } = DIRECTORIES[name]();
  const modules = join(directory, "modules");
  const [version] = existsSync(modules) ? readdirSync(modules) : [];
  if (version === undefined) throw new Error(`${modules} is missing: run ${setUp} first, as root`);
  return { version, directory: join(modules, version) };
}

/** A static busybox, and fsverity with its libraries: what runs on a disk that has nothing else. */
export const TOOLS = join(CACHE, "kernel-bookworm/tools");
