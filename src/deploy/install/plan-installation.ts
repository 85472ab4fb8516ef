/** What an installation will do, decided before anything is written. Pure. */
import type { DirectoryNode } from "../../tree/node.ts";
import { changeLocalKargs } from "../native/kargs.ts";
import {
  chooseLoader,
  findSystemdBoot,
  type LoaderWishes,
  requireLoaderFits,
  requireUBootTools,
} from "./choose-loader.ts";
import type { InstallConfig } from "./install-config.ts";
import type { PlannedLoader } from "./install-loader.ts";
import { requireDeviceImage } from "./require-device-image.ts";

/**
 * Requires that the image can come up on a device, and chooses the loader.
 * @throws DeployError DEPLOY_IMAGE_INCOMPLETE, DEPLOY_NO_KERNEL, DEPLOY_SEVERAL_KERNELS, DEPLOY_NO_LOADER
 */
export function planLoader(root: DirectoryNode, wishes: LoaderWishes): PlannedLoader {
  const { architecture } = wishes;
  requireDeviceImage(root);
  const kind = chooseLoader(wishes);
  requireLoaderFits(kind, architecture);
  if (kind === "u-boot") requireUBootTools(root);
  return { kind, efi: kind === "systemd-boot" ? findSystemdBoot(root, architecture) : undefined };
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
