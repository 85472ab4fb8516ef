/**
 * Whether a release fits, asked before its first layer is read: our copy of its layers, and what bootc makes of them.
 *
 * bootc unpacks them into its own store, which takes what they measure at least; it asks for the exact room itself, and
 * for that on the boot partition.
 */
import { existsSync, statSync } from "node:fs";
import { readDiskSpace } from "../../host/disk-space.ts";
import type { PinnedContent } from "../../oci/verified-blob.ts";
import type { AbsPath } from "../../path.ts";
import { evaluatePreflight, requireFits } from "../preflight.ts";
import type { BootcEngine } from "./engine.ts";

export interface LayoutNeeds {
  /** Blobs that are about to be written into the layout. */
  readonly copied: readonly PinnedContent[];
  /** Layers that the layout does not have, and so bootc perhaps neither. */
  readonly unpacked: readonly PinnedContent[];
}

/** The record, the index, and the directories that bootc makes. */
const OVERHEAD_INODES = 64;

/** @throws DeployError DEPLOY_NO_SPACE, DEPLOY_NO_INODES; HostError */
export function requireRoom({ paths }: BootcEngine, layout: AbsPath, { copied, unpacked }: LayoutNeeds): void {
  const space = readDiskSpace(layout);
  const roundedUp = (blobs: readonly PinnedContent[]) =>
    blobs.reduce((sum, { size }) => sum + Math.ceil(size / space.blockBytes) * space.blockBytes, 0);
  const sharesDisk = !existsSync(paths.sysroot) || statSync(paths.sysroot).dev === statSync(layout).dev;
  requireFits(
    evaluatePreflight(
      {
        storeBytes: roundedUp(copied) + (sharesDisk ? roundedUp(unpacked) : 0),
        storeInodes: copied.length + OVERHEAD_INODES,
        bootBytes: 0,
      },
      {
        storeFreeBytes: space.freeBytes,
        storeFreeInodes: space.freeInodes,
        bootFreeBytes: 0,
        bootReclaimableBytes: 0,
        isOneFilesystem: true,
      },
    ),
  );
}
