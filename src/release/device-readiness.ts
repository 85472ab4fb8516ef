/**
 * What a native device would miss in an image: found where it can still be mended. Warnings, never refusals: an image may be
 * meant for a device that differs from the usual one.
 */
import type { DirectoryNode } from "../tree/node.ts";
import { resolveNode } from "../tree/walk.ts";

/** Where the initramfs mounts what the device keeps; the image is read-only and can make none of them. */
const MOUNT_POINTS = ["/sysroot", "/boot", "/etc", "/var"];
/** Runs the health checks and confirms the system. */
const AGENT = "/usr/bin/bootferry";

/** @returns one sentence for each thing that is missing, with what a device would do */
export function readinessWarnings(root: DirectoryNode, label: string): readonly string[] {
  const absent = MOUNT_POINTS.filter((path) => resolveNode(root, path)?.kind !== "directory");
  const mounts = `${label} has no directory ${absent.join(", ")}: a device cannot mount its own there, and falls back`;
  const agent = `${label} has no ${AGENT}: a device that boots it has nobody to confirm it, and falls back`;
  return [...(absent.length > 0 ? [mounts] : []), ...(resolveNode(root, AGENT)?.kind === "file" ? [] : [agent])];
}
