/**
 * Media that had to wait while the running system was not confirmed are looked at once it is, without a person pulling them:
 * their unit is started again. systemd starts what udev wants for a device only when the device comes.
 *
 * At boot this has nothing to do: the units of media that are in already are ordered after the assessment.
 */
import { CodedError } from "../error.ts";
import { walkDevices } from "../media/block-device.ts";
import { listBlockDevices } from "../media/list-block-devices.ts";
import type { Session } from "./session.ts";
import { isMedium } from "./watch-media.ts";

const START_TIMEOUT_MS = 30_000; // systemd only queues the jobs

/** Never fails: a medium that is plugged in again is looked at in any case. */
export async function lookAgainAtMedia({ ports }: Session): Promise<void> {
  const { exec, config, paths } = ports;
  if (paths.isSimulated) return;
  try {
    const all = await listBlockDevices({ exec, listMountedVolumes: async () => [], isUdevRunning: () => true });
    const units = [...walkDevices(all)]
      .filter((device) => isMedium(device, config.media))
      .map(({ kernelName }) => `bootferry-media@${kernelName}.service`);
    if (units.length === 0) return;
    await exec(["systemctl", "start", "--no-block", ...units], { timeoutMs: START_TIMEOUT_MS });
  } catch (error) {
    if (!(error instanceof CodedError)) throw error; // no lsblk, no systemd, no such unit: `agent watch` serves that machine
  }
}
