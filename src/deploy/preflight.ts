/**
 * Whether an update will fit, decided before its first byte is written. Pure: who asks measures.
 *
 * What is freed on the way (the rollback deployment's kernel goes first) is no part of the sum unless the caller has
 * measured it: a promise to make room is not room.
 */
import { DeployError } from "./error.ts";

export interface PreflightNeeds {
  /** On the file system of the store: objects, image, deployment. */
  readonly storeBytes: number;
  readonly storeInodes: number;
  /** On the boot partition: kernel and initramfs, 0 when a deployment that stays has the same ones. */
  readonly bootBytes: number;
}

export interface PreflightSpace {
  readonly storeFreeBytes: number;
  /** Undefined where the file system has no fixed number. */
  readonly storeFreeInodes: number | undefined;
  readonly bootFreeBytes: number;
  /** What goes from the boot partition before anything is written there: kernels of obsolete deployments. */
  readonly bootReclaimableBytes: number;
  /** True when the boot partition and the store are one file system, so that one must hold both. */
  readonly isOneFilesystem: boolean;
}

export type Preflight =
  | { readonly kind: "fits" }
  | { readonly kind: "lacks"; readonly code: PreflightCode; readonly needed: number; readonly free: number };

export type PreflightCode = "DEPLOY_NO_SPACE" | "DEPLOY_NO_INODES" | "DEPLOY_BOOT_NO_SPACE";

/** Kept free on either file system, for logs, journals and the loader's own files: a full one breaks other things. */
export const RESERVE_BYTES = 8 << 20;
/** vfat: the directories and entry files that an update makes, in clusters of 4 KiB. */
export const BOOT_OVERHEAD_BYTES = 64 << 10;

export function evaluatePreflight(needs: PreflightNeeds, space: PreflightSpace): Preflight {
  const bootNeeded = needs.bootBytes === 0 ? 0 : needs.bootBytes + BOOT_OVERHEAD_BYTES;
  const bootFree = space.bootFreeBytes + space.bootReclaimableBytes;
  const storeNeeded = needs.storeBytes + RESERVE_BYTES + (space.isOneFilesystem ? bootNeeded : 0);
  if (storeNeeded > space.storeFreeBytes) return lacks("DEPLOY_NO_SPACE", storeNeeded, space.storeFreeBytes);
  if (space.storeFreeInodes !== undefined && needs.storeInodes > space.storeFreeInodes) {
    return lacks("DEPLOY_NO_INODES", needs.storeInodes, space.storeFreeInodes);
  }
  if (!space.isOneFilesystem && bootNeeded > bootFree) return lacks("DEPLOY_BOOT_NO_SPACE", bootNeeded, bootFree);
  return { kind: "fits" };
}

/** @throws DeployError with the code of what is lacking */
export function requireFits(preflight: Preflight): void {
  if (preflight.kind === "fits") return;
  const { code, needed, free } = preflight;
  const [unit, where] = {
    DEPLOY_NO_SPACE: ["bytes", "the root file system"],
    DEPLOY_NO_INODES: ["inodes", "the root file system"],
    DEPLOY_BOOT_NO_SPACE: ["bytes", "the boot partition"],
  }[code];
  throw new DeployError(code, `the update does not fit ${where}: needs ${needed} ${unit}, ${free} are free`);
}

function lacks(code: PreflightCode, needed: number, free: number): Preflight {
  return { kind: "lacks", code, needed, free };
}
