/**
 * What tells `bootc-trial`, a script that runs early in each boot and without us, which deployment is on trial. It bounds
 * the boots of a system that never comes as far as the agent, where the boot loader does not.
 *
 *     <state directory>/bootc-trial
 *       deployment=CHECKSUM.SERIAL     as ostree names it; on the composefs backend its verity digest
 *       id=0123456789ab.1              as we name it
 *       left=3                         boots that it still has; counted down by the script
 */
import { existsSync, rmSync } from "node:fs";
import type { DevicePaths } from "../../config/device-paths.ts";
import { writeDurably } from "../../host/durable-write.ts";
import { hostError } from "../../host/error.ts";
import { type AbsPath, below } from "../../path.ts";
import type { DeploymentId } from "../deployment-id.ts";
import type { HostBootEntry } from "../host-status.ts";

function trialFile({ stateDirectory }: Pick<DevicePaths, "stateDirectory">): AbsPath {
  return below(stateDirectory, "bootc-trial");
}

/** Bounds the boots of a deployment. One that bootc gives no name is bounded by the agent alone. @throws HostError */
export function writeTrial(paths: DevicePaths, entry: HostBootEntry | null, id: DeploymentId, tries: number): void {
  const name = entry && nameOf(entry);
  if (name) writeDurably(trialFile(paths), `deployment=${name}\nid=${id}\nleft=${tries}\n`);
}

/** Nothing there is fine. @throws HostError */
export function removeTrial(paths: DevicePaths): void {
  try {
    rmSync(trialFile(paths), { force: true });
  } catch (error) {
    throw hostError(error, `removing ${trialFile(paths)}`);
  }
}

/** False also when the script has gone back: it removes the file. */
export function hasTrial(paths: DevicePaths): boolean {
  return existsSync(trialFile(paths));
}

/** As the kernel command line leads to it. */
function nameOf({ ostree, composefs }: HostBootEntry): string | undefined {
  if (ostree !== null) return `${ostree.checksum}.${ostree.deploySerial}`;
  return composefs?.verity;
}
