/**
 * Kernel and initramfs of an image, and their way onto the boot partition.
 *
 * They lie in `/usr/lib/modules/<version>/{vmlinuz,initramfs.img}`, as bootc and Fedora have them; exactly one version, as
 * bootc wants: guessing the right one of two would be guessing what boots. On the boot partition they stand in a
 * directory named by their content, so that deployments with the same kernel share it.
 */
import { createHash } from "node:crypto";
import { closeSync, constants, fsyncSync, mkdirSync, openSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { UNFINISHED_SUFFIX } from "../../boot/publish-file.ts";
import type { DevicePaths } from "../../config/device-paths.ts";
import { readDiskSpace } from "../../host/disk-space.ts";
import { hostError } from "../../host/error.ts";
import type { Exec } from "../../host/exec.ts";
import { syncFilesystem } from "../../host/sync-filesystem.ts";
import { type AbsPath, below, displayBytes, utf8ToByteString } from "../../path.ts";
import type { ObjectStore } from "../../store/object-store.ts";
import { copyContent } from "../../store/read-content.ts";
import type { DirectoryNode, FileContent } from "../../tree/node.ts";
import { findNode, resolveNode } from "../../tree/walk.ts";
import { DeployError } from "../error.ts";
import { contentDigestOf, contentSizeBytes, isContentOnDisk } from "./content-on-disk.ts";
import { kernelFile } from "./layout.ts";

export interface ImageKernel {
  readonly version: string;
  readonly vmlinuz: FileContent;
  readonly initramfs: FileContent;
}

export const KERNEL_FILES = ["vmlinuz", "initramfs.img"] as const;

const MODULES = ["usr", "lib", "modules"].map(utf8ToByteString);

/** @throws DeployError DEPLOY_NO_KERNEL, DEPLOY_SEVERAL_KERNELS */
export function findKernel(root: DirectoryNode): ImageKernel {
  const modules = findNode(root, MODULES);
  const names = modules?.kind === "directory" ? [...modules.entries.keys()].map(displayBytes).sort() : [];
  const versions = names.filter((version) => fileAt(root, version, "vmlinuz") !== undefined);
  const [version] = versions;
  if (versions.length > 1) {
    throw new DeployError("DEPLOY_SEVERAL_KERNELS", `the image has several kernels: ${versions.join(", ")}`);
  }
  const vmlinuz = version === undefined ? undefined : fileAt(root, version, "vmlinuz");
  if (version === undefined || vmlinuz === undefined) {
    throw new DeployError("DEPLOY_NO_KERNEL", "the image has no /usr/lib/modules/VERSION/vmlinuz");
  }
  const initramfs = fileAt(root, version, "initramfs.img");
  if (initramfs === undefined) {
    throw new DeployError("DEPLOY_NO_KERNEL", `the image has no /usr/lib/modules/${version}/initramfs.img`);
  }
  return { version, vmlinuz, initramfs };
}

function fileAt(root: DirectoryNode, version: string, name: string): FileContent | undefined {
  const node = resolveNode(root, `usr/lib/modules/${version}/${name}`);
  return node?.kind === "file" ? node.content : undefined;
}

/**
 * What names the kernel's directory: sha256 over the fs-verity digests of vmlinuz and initramfs, as text. The content need
 * not be read for it, as it would for bootc's boot digest, and the names are as safe.
 */
export function bootChecksumOf({ vmlinuz, initramfs }: ImageKernel): string {
  const digests = [vmlinuz, initramfs].map((content) => `${contentDigestOf(content)}\n`);
  return createHash("sha256").update(digests.join("")).digest("hex");
}

export interface KernelPorts {
  readonly paths: DevicePaths;
  readonly store: ObjectStore;
  readonly exec: Exec;
}

/** What must still be written: a file that is there counts only when its content is right. */
function missingKernelFiles(
  { paths }: Pick<KernelPorts, "paths">,
  kernel: ImageKernel,
  bootChecksum: string,
): readonly { readonly path: AbsPath; readonly content: FileContent }[] {
  return KERNEL_FILES.map((name) => ({
    path: below(paths.boot, kernelFile(bootChecksum, name)),
    content: name === "vmlinuz" ? kernel.vmlinuz : kernel.initramfs,
  })).filter(({ path, content }) => !isContentOnDisk(path, content));
}

/**
 * Brings kernel and initramfs onto the boot partition; a file that is there is digested again and kept when it is right.
 * @throws DeployError DEPLOY_BOOT_NO_SPACE before anything is written; StoreError; HostError
 */
export async function publishKernel(ports: KernelPorts, kernel: ImageKernel, bootChecksum: string): Promise<void> {
  const missing = missingKernelFiles(ports, kernel, bootChecksum);
  if (missing.length === 0) return;
  requireBootSpace(ports.paths.boot, missing);
  for (const { path, content } of missing) {
    writeKernelFile(ports.store, path, content);
    await syncFilesystem(ports.exec, path);
  }
}

function requireBootSpace(boot: AbsPath, missing: readonly { path: AbsPath; content: FileContent }[]): void {
  const { freeBytes, blockBytes } = readDiskSpace(boot);
  const sizes = missing.map(({ content }) => Math.ceil(contentSizeBytes(content) / blockBytes) * blockBytes);
  const needed = sizes.reduce((sum, size) => sum + size, 0);
  if (needed > freeBytes) {
    throw new DeployError(
      "DEPLOY_BOOT_NO_SPACE",
      `writing the kernel to ${boot}: needs ${needed} bytes, ${freeBytes} are free`,
    );
  }
}

/** As boot/publish-file.ts does, but streamed: an initramfs has up to 300 MB. */
function writeKernelFile(store: ObjectStore, path: AbsPath, content: FileContent): void {
  const unfinished = `${path}${UNFINISHED_SUFFIX}`;
  try {
    mkdirSync(dirname(path), { recursive: true });
    rmSync(unfinished, { force: true });
    const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
    const fd = openSync(unfinished, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o644);
    try {
      copyContent(store, content, fd);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(unfinished, path);
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw hostError(error, `writing ${path}`);
  }
}
