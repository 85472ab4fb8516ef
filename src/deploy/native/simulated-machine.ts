/**
 * The power button of a simulated device: the loader chooses and counts, /run is empty, and the kernel command line and
 * the boot id of the new boot stand where the engine looks for them.
 *
 *     <sysroot>/run/simulated/{cmdline,boot_id}
 */
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { blsValues } from "../../boot/bls-entry.ts";
import { BootError } from "../../boot/error.ts";
import { type SimulatedBoot, simulateBoot } from "../../boot/simulated-boot.ts";
import type { DevicePaths } from "../../config/device-paths.ts";
import { hostError } from "../../host/error.ts";
import { below } from "../../path.ts";

/**
 * Ends the running system and boots the next one, as a reboot or a power cycle does.
 * @param bootId of the new boot: a random UUID
 * @throws BootError BOOT_NOTHING_BOOTS; BOOT_KERNEL_FILE_MISSING when the loader chose an entry whose initramfs is gone
 *   (its try is counted, and nothing runs); HostError
 */
export function simulateReboot(paths: DevicePaths, bootId: string): SimulatedBoot {
  if (!paths.isSimulated) throw new TypeError("only a device below --sysroot can be booted by hand");
  powerOff(paths);
  const boot = simulateBoot(paths.boot);
  for (const initrd of blsValues(boot.entry, "initrd")) {
    if (existsSync(below(paths.boot, initrd))) continue;
    throw new BootError("BOOT_KERNEL_FILE_MISSING", `entry ${boot.fileName} names ${initrd}, which is not there`);
  }
  const simulated = below(paths.sysroot, "run", "simulated");
  try {
    mkdirSync(simulated, { recursive: true });
    writeFileSync(paths.bootId, `${bootId}\n`);
    writeFileSync(paths.kernelCommandLine, `${boot.commandLine}\n`);
  } catch (error) {
    throw hostError(error, `writing ${simulated}`);
  }
  return boot;
}

function powerOff({ sysroot }: DevicePaths): void {
  const run = below(sysroot, "run");
  try {
    mkdirSync(run, { recursive: true });
    for (const name of readdirSync(run)) rmSync(below(run, name), { recursive: true, force: true });
  } catch (error) {
    throw hostError(error, `emptying ${run}`);
  }
}
