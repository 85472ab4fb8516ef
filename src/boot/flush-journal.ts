/**
 * Makes what was written to the boot partition visible to a loader that does not replay journals (GRUB, U-Boot).
 *
 * A sync of ext4 brings changes into its journal, and to their places later; a loader that reads the places alone would
 * see the files of before, or half of each, after a power cut. Freezing empties the journal (fsfreeze(8)); ostree does
 * the same. The file system is thawed at once, and by the next run should this one be killed in between.
 */
import { statSync } from "node:fs";
import { dirname } from "node:path";
import type { Exec } from "../host/exec.ts";
import type { AbsPath } from "../path.ts";

const TIMEOUT_MS = 5 * 60_000;
const NOT_POSSIBLE = 1; // no journal (vfat), frozen or thawed already, or no right to: the sync before has to do

/** Does nothing where `boot` is no file system of its own: what others write must not stand still. */
export async function flushJournal(exec: Exec, boot: AbsPath): Promise<void> {
  if (!isMountPoint(boot)) return;
  await exec(["fsfreeze", "--freeze", boot], { timeoutMs: TIMEOUT_MS, accept: [NOT_POSSIBLE] });
  await thaw(exec, boot);
}

/** Thaws what a killed run left frozen; every write would wait for ever. */
export async function thaw(exec: Exec, boot: AbsPath): Promise<void> {
  if (!isMountPoint(boot)) return;
  await exec(["fsfreeze", "--unfreeze", boot], { timeoutMs: TIMEOUT_MS, accept: [NOT_POSSIBLE] });
}

function isMountPoint(path: AbsPath): boolean {
  const own = statSync(path, { throwIfNoEntry: false });
  return own !== undefined && own.dev !== statSync(dirname(path)).dev;
}
