/**
 * Lets the user nobody read the layout: bootc before 1.16.4 gives up its rights before it reads an image when systemd had
 * started us. The files are readable by everybody as they are made; what is left is the way to them.
 */
import { chmodSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { hostError } from "../../host/error.ts";
import type { AbsPath } from "../../path.ts";
import { DeployError } from "../error.ts";

const OTHERS_ENTER = 0o001;

/**
 * Our own state directory is opened for passing through, not for listing; directories above it are not ours to change.
 * @throws DeployError DEPLOY_LAYOUT_UNREADABLE; HostError
 */
export function letEverybodyReach(stateDirectory: AbsPath): void {
  try {
    const { mode } = statSync(stateDirectory);
    if ((mode & OTHERS_ENTER) === 0) chmodSync(stateDirectory, (mode & 0o7777) | OTHERS_ENTER);
    for (let directory = dirname(stateDirectory); ; directory = dirname(directory)) {
      if ((statSync(directory).mode & OTHERS_ENTER) === 0) {
        throw new DeployError("DEPLOY_LAYOUT_UNREADABLE", `not everybody may enter ${directory}`);
      }
      if (directory === dirname(directory)) return;
    }
  } catch (error) {
    throw hostError(error, `looking at the directories above ${stateDirectory}`);
  }
}
