/** What skopeo can open of a layout: it may be gone, and until 1.16.4 nobody, as whom it then ran, must be able to read it. */
import { lstatSync } from "node:fs";
import { dirname, join } from "node:path";
import { BootcFailure, type Machine } from "./context.ts";

const READABLE = 0o004;
const SEARCHABLE = 0o005;

/** @throws BootcFailure as skopeo's chain says it */
export function checkLayoutAccess(machine: Machine, path: string): void {
  const missing = firstMissing(path);
  if (missing !== undefined) throw openImageFailure(`lstat ${missing}: no such file or directory`);
  const index = join(path, "index.json");
  if (firstMissing(index) !== undefined) throw openImageFailure(`open ${index}: no such file or directory`);
  if (machine.traps.isStartedBySystemd && !machine.has("privilegedSkopeo")) checkReadableByNobody(machine, index);
}

/** Directories above the machine's own are the test's. @throws BootcFailure */
export function checkReadableByNobody(machine: Machine, path: string): void {
  if ((lstatSync(path).mode & READABLE) === 0) throw openImageFailure(`open ${path}: permission denied`);
  for (let at = dirname(path); at.startsWith(`${machine.files.root}/`); at = dirname(at))
    if ((lstatSync(at).mode & SEARCHABLE) !== SEARCHABLE) throw openImageFailure(`open ${path}: permission denied`);
}

export function openImageFailure(why: string): BootcFailure {
  return new BootcFailure(
    `Creating importer: failed to invoke method OpenImage: failed to invoke method OpenImage: ${why}`,
  );
}

function firstMissing(path: string): string | undefined {
  if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) return undefined;
  return firstMissing(dirname(path)) ?? path;
}
