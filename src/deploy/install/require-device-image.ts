/** Requires that an image can come up on a real device: that its mounts have somewhere to go. Pure. */
import { utf8ToByteString } from "../../path.ts";
import type { DirectoryNode } from "../../tree/node.ts";
import { DeployError } from "../error.ts";
import { findKernel } from "../native/kernel.ts";

/** The root of a booted device is read-only: what is mounted on it must be there. */
const MOUNT_POINTS: Readonly<Record<string, string>> = {
  sysroot: "the physical root",
  boot: "the boot partition",
  etc: "/etc of the deployment",
  var: "the one /var",
};

/** @throws DeployError DEPLOY_IMAGE_INCOMPLETE, DEPLOY_NO_KERNEL, DEPLOY_SEVERAL_KERNELS */
export function requireDeviceImage(root: DirectoryNode): void {
  findKernel(root);
  for (const [name, what] of Object.entries(MOUNT_POINTS)) {
    if (root.entries.get(utf8ToByteString(name))?.kind === "directory") continue;
    throw new DeployError("DEPLOY_IMAGE_INCOMPLETE", `the image has no directory /${name}, where ${what} is mounted`);
  }
}
