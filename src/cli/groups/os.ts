/** The verbs of `bootferry os`. */
import type { Command } from "commander";
import { registerOsFinalize } from "../commands/os-finalize.ts";
import { registerOsGc } from "../commands/os-gc.ts";
import { registerOsInstallToDisk } from "../commands/os-install-to-disk.ts";
import { registerOsInstallToFilesystem } from "../commands/os-install-to-filesystem.ts";
import { registerOsPin, registerOsUnpin } from "../commands/os-pin.ts";
import { registerOsRollback } from "../commands/os-rollback.ts";
import { registerOsSimulateBoot } from "../commands/os-simulate-boot.ts";
import { registerOsStatus } from "../commands/os-status.ts";
import { registerOsSwitch } from "../commands/os-switch.ts";
import { registerOsUpgrade } from "../commands/os-upgrade.ts";
import { registerOsUsrOverlay } from "../commands/os-usr-overlay.ts";
import { registerOsVerify } from "../commands/os-verify.ts";
import type { CliContext } from "../context.ts";

export function registerVerbs(os: Command, context: CliContext): void {
  registerOsStatus(os, context);
  registerOsUpgrade(os, context);
  registerOsSwitch(os, context);
  registerOsRollback(os, context);
  const install = os.command("install").description("Put the first deployment onto a device.").helpCommand(false);
  registerOsInstallToDisk(install, context);
  registerOsInstallToFilesystem(install, context);
  registerOsVerify(os, context);
  registerOsGc(os, context);
  registerOsPin(os, context);
  registerOsUnpin(os, context);
  registerOsUsrOverlay(os, context);
  registerOsFinalize(os, context);
  registerOsSimulateBoot(os, context);
}
