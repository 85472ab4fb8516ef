/** What an installation onto a disk will do, decided before anything is written. Pure. */
import type { AbsPath } from "../../path.ts";
import type { DirectoryNode } from "../../tree/node.ts";
import { changeLocalKargs } from "../native/kargs.ts";
import { chooseLoader, type EfiLoader, findSystemdBoot, requireLoaderFits } from "./choose-loader.ts";
import { type DiskLoader, type PlannedPartition, planDiskLayout } from "./disk-layout.ts";
import type { InstallConfig } from "./install-config.ts";
import { requireDeviceImage } from "./require-device-image.ts";

export interface InstallationWishes {
  readonly root: DirectoryNode;
  readonly architecture: string;
  /** Bytes of all objects of the release. */
  readonly objectsBytes: number;
  readonly config: InstallConfig;
  readonly disk: { readonly path: AbsPath; readonly sizeBytes: number };
  readonly loader: DiskLoader | undefined;
  readonly firmware: "uefi" | "bios" | undefined;
  readonly bootBytes: number | undefined;
  readonly rootBytes: number | undefined;
}

export interface InstallationPlan {
  readonly loader: DiskLoader;
  /** Undefined unless the loader is systemd-boot. */
  readonly efiLoader: EfiLoader | undefined;
  readonly layout: readonly PlannedPartition[];
}

/** @throws DeployError DEPLOY_IMAGE_INCOMPLETE, DEPLOY_NO_KERNEL, DEPLOY_SEVERAL_KERNELS, DEPLOY_NO_LOADER, DEPLOY_DISK_TOO_SMALL */
export function planInstallation(wishes: InstallationWishes): InstallationPlan {
  const { root, architecture, config, disk, firmware } = wishes;
  requireDeviceImage(root);
  const loader = chooseLoader({ named: wishes.loader, configured: config.loader, architecture, firmware });
  requireLoaderFits(loader, architecture);
  const layout = planDiskLayout({
    loader,
    architecture,
    diskBytes: disk.sizeBytes,
    neededBytes: wishes.objectsBytes,
    bootBytes: wishes.bootBytes,
    rootBytes: wishes.rootBytes,
    rootLabel: config.rootLabel,
    bootLabel: config.bootLabel,
  });
  return {
    loader,
    efiLoader: loader === "systemd-boot" ? findSystemdBoot(root, architecture) : undefined,
    layout,
  };
}

/**
 * The kernel arguments of the new device: where its root is, then those of the image's configuration, then those of the
 * command line.
 * @returns also those of `karg-deletes` that delete nothing
 */
export function planLocalKargs(
  rootMountSpec: string,
  config: Pick<InstallConfig, "kargs" | "kargDeletes">,
  kargs: readonly string[],
): { readonly kargs: readonly string[]; readonly unmatched: readonly string[] } {
  const asked = changeLocalKargs([`root=${rootMountSpec}`, "rw"], { add: [...config.kargs, ...kargs] });
  return {
    kargs: changeLocalKargs(asked, { remove: config.kargDeletes }),
    unmatched: config.kargDeletes.filter((karg) => !asked.includes(karg)),
  };
}
