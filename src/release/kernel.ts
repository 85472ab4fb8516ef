/** The kernel of an image, where bootc and the native engine look for it: /usr/lib/modules/VERSION/vmlinuz. */
import { displayBytes } from "../path.ts";
import type { DirectoryNode } from "../tree/node.ts";
import { resolveNode } from "../tree/walk.ts";
import { ReleaseError } from "./error.ts";

const MODULES = "/usr/lib/modules";

/**
 * The one kernel of the tree. @returns warnings about what a device would miss
 * @throws ReleaseError RELEASE_NO_KERNEL, RELEASE_SEVERAL_KERNELS
 */
export function verifyKernel(root: DirectoryNode, label: string): readonly string[] {
  const modules = resolveNode(root, MODULES);
  const versions = modules?.kind === "directory" ? [...modules.entries] : [];
  const kernels = versions.filter(([, node]) => node.kind === "directory" && holdsFile(node, "vmlinuz"));
  const [kernel, ...others] = kernels;
  if (kernel === undefined) {
    throw new ReleaseError("RELEASE_NO_KERNEL", `${label} holds no kernel at ${MODULES}/VERSION/vmlinuz`);
  }
  if (others.length > 0) {
    const names = kernels.map(([name]) => displayBytes(name)).join(", ");
    throw new ReleaseError("RELEASE_SEVERAL_KERNELS", `${label} holds several kernels in ${MODULES}: ${names}`);
  }
  const [name, directory] = kernel;
  if (directory.kind === "directory" && holdsFile(directory, "initramfs.img")) return [];
  return [`${label} holds no ${MODULES}/${displayBytes(name)}/initramfs.img: its kernel must mount the root by itself`];
}

function holdsFile(directory: DirectoryNode, name: string): boolean {
  return resolveNode(directory, name)?.kind === "file";
}
