/** Measures what an image takes of this device and asks whether it fits. */
import { existsSync, statSync } from "node:fs";
import type { BootLoader } from "../../boot/boot-loader.ts";
import type { DevicePaths } from "../../config/device-paths.ts";
import { readDiskSpace } from "../../host/disk-space.ts";
import { below } from "../../path.ts";
import type { DirectoryNode } from "../../tree/node.ts";
import { evaluatePreflight, requireFits } from "../preflight.ts";
import { contentSizeBytes } from "./content-on-disk.ts";
import { reclaimableKernelBytes } from "./drop.ts";
import { bootChecksumOf, findKernel, KERNEL_FILES } from "./kernel.ts";
import { engineDirectory, kernelFile } from "./layout.ts";

/** The deployment directory with a copy of /etc: files of a few KiB each. */
const DEPLOYMENT_BYTES = 16 << 20;
const DEPLOYMENT_INODES = 8192;

/**
 * @param root of the image that is about to be stored
 * @param store what the store will write
 * @throws DeployError DEPLOY_NO_SPACE, DEPLOY_NO_INODES, DEPLOY_BOOT_NO_SPACE; DEPLOY_NO_KERNEL, DEPLOY_SEVERAL_KERNELS,
 *   which are better known before 2 GB are read; HostError
 */
export function requireRoom(
  { paths, loader }: { readonly paths: DevicePaths; readonly loader: BootLoader },
  root: DirectoryNode,
  store: { readonly neededBytes: number; readonly neededInodes: number },
): void {
  const kernel = findKernel(root);
  const checksum = bootChecksumOf(kernel);
  const isShared = KERNEL_FILES.every((name) => existsSync(below(paths.boot, kernelFile(checksum, name))));
  const kernelBytes = contentSizeBytes(kernel.vmlinuz) + contentSizeBytes(kernel.initramfs);
  const [engine, boot] = [readDiskSpace(engineDirectory(paths)), readDiskSpace(paths.boot)];
  const preflight = evaluatePreflight(
    {
      storeBytes: store.neededBytes + DEPLOYMENT_BYTES,
      storeInodes: store.neededInodes + DEPLOYMENT_INODES,
      bootBytes: isShared ? 0 : kernelBytes,
    },
    {
      storeFreeBytes: engine.freeBytes,
      storeFreeInodes: engine.freeInodes,
      bootFreeBytes: boot.freeBytes,
      bootReclaimableBytes: reclaimableKernelBytes({ paths, loader }),
      isOneFilesystem: statSync(engineDirectory(paths)).dev === statSync(paths.boot).dev,
    },
  );
  requireFits(preflight);
}
