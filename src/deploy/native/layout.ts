/**
 * Where the native engine keeps deployments.
 *
 *     <sysroot>/bootferry/
 *       objects/ images/ staging/      the store (see store/object-store.ts)
 *       trust.json                     the second copy of what the agent remembers of its trust (agent/floors.ts)
 *       staged.json                    names the deployment that is complete and not yet bootable
 *       deploy/<id>/origin.json        what was deployed, from which release
 *       deploy/<id>/etc/               its /etc; there from activation on
 *       deploy/<id>/pinned             keeps it from gc (`os pin`)
 *       deploy/<id>.unfinished/        on its way in; swept
 *       apps/ apps.json                container images on their way into the storage, and what was loaded (deploy/apps)
 *       var/                           the one /var
 *     <boot>/bootferry/<boot checksum>/{vmlinuz,initramfs.img}
 *     <boot>/loader/entries/bootferry-<id>+3.conf
 *
 * What is named `….unfinished` is never read, and swept before anything else is written.
 */
import type { DevicePaths } from "../../config/device-paths.ts";
import { type AbsPath, below, parseRelPath, type RelPath } from "../../path.ts";
import type { DeploymentId } from "../deployment-id.ts";

export const UNFINISHED = ".unfinished";

/** The directory of the store and of everything else that the engine keeps. */
export function engineDirectory({ sysroot }: DevicePaths): AbsPath {
  return below(sysroot, "bootferry");
}

export function deployDirectory(paths: DevicePaths): AbsPath {
  return below(engineDirectory(paths), "deploy");
}

export function deploymentDirectory(paths: DevicePaths, id: DeploymentId): AbsPath {
  return below(deployDirectory(paths), id);
}

export function deploymentEtc(paths: DevicePaths, id: DeploymentId): AbsPath {
  return below(deploymentDirectory(paths, id), "etc");
}

export function originFile(paths: DevicePaths, id: DeploymentId): AbsPath {
  return below(deploymentDirectory(paths, id), "origin.json");
}

export function pinFile(paths: DevicePaths, id: DeploymentId): AbsPath {
  return below(deploymentDirectory(paths, id), "pinned");
}

export function stagedFile(paths: DevicePaths): AbsPath {
  return below(engineDirectory(paths), "staged.json");
}

export function varDirectory(paths: DevicePaths): AbsPath {
  return below(engineDirectory(paths), "var");
}

/** All kernels of ours on the boot partition. */
export function kernelsDirectory({ boot }: DevicePaths): AbsPath {
  return below(boot, "bootferry");
}

/** As boot entries name it: relative to the boot partition. */
export function kernelFile(bootChecksum: string, name: "vmlinuz" | "initramfs.img"): RelPath {
  return parseRelPath(`bootferry/${bootChecksum}/${name}`);
}
