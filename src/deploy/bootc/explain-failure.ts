/**
 * Which remedy helps with what bootc said. Only that: whether a run failed, and what it left, is known by then from its
 * status. An unknown text gets the general remedy.
 */
import { DeployError, type DeployErrorCode } from "../error.ts";

/** As bootc 1.1 to 1.16 print them (crates/lib, crates/ostree-ext). */
const CAUSES: readonly (readonly [RegExp, DeployErrorCode])[] = [
  [/insufficient free space|no space left on device/i, "DEPLOY_NO_SPACE"],
  [/image has architecture|ostree\.bootable|truncated history/i, "DEPLOY_IMAGE_NOT_BOOTC"],
  [/merge conflicts found in etc|cannot merge/i, "DEPLOY_BOOTC_ETC_CONFLICT"],
  [/rpm-ostree modifications/i, "DEPLOY_BOOTC_LAYERED"],
  [/initializing images|podman.*not found/i, "DEPLOY_BOOTC_NO_PODMAN"],
  [/bound image/i, "DEPLOY_BOOTC_BOUND_IMAGES"],
  [/(lstat|open|stat) \S+: (no such file|permission denied)/i, "DEPLOY_BOOTC_SOURCE_UNREADABLE"],
];

/** @param what was tried: `bootc upgrade` */
export function explainFailure(what: string, exitCode: number | null, stderrTail: string): DeployError {
  const code = CAUSES.find(([pattern]) => pattern.test(stderrTail))?.[1] ?? "DEPLOY_BOOTC_FAILED";
  const how = exitCode === null ? "was ended" : `ended with status ${exitCode}`;
  return new DeployError(code, `${what} ${how}: ${stderrTail === "" ? "it said nothing" : stderrTail}`);
}
