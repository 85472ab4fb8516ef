/** What the verbs of the bootc backend work with; made once by `openBootcBackend`. */
import { readFileSync } from "node:fs";
import type { DevicePaths } from "../../config/device-paths.ts";
import { errnoOf } from "../../error.ts";
import { hostError } from "../../host/error.ts";
import type { Exec } from "../../host/exec.ts";
import type { OpenInhibitor } from "../../host/inhibitor.ts";
import type { BoundApps } from "../apps/bound-apps.ts";

export interface BootcEngine {
  readonly paths: DevicePaths;
  readonly exec: Exec;
  readonly inhibit: OpenInhibitor;
  /** How often a new deployment may be tried before the machine goes back. */
  readonly tries: number;
  /** Brings the container images of a system along, and takes them away with it. */
  readonly apps: BoundApps;
}

/** Of the running system; null on a machine that does not tell one boot from the next. @throws HostError */
export function readBootId({ paths }: Pick<BootcEngine, "paths">): string | null {
  try {
    return readFileSync(paths.bootId, "utf8").trim();
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return null;
    throw hostError(error, `reading ${paths.bootId}`);
  }
}
