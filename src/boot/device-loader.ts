/** Which boot loader a device has: what lies on its boot partition says so. */
import { existsSync } from "node:fs";
import type { Exec } from "../host/exec.ts";
import type { AbsPath } from "../path.ts";
import { openBlsDirectory } from "./bls-directory.ts";
import type { BootLoader } from "./boot-loader.ts";
import { readEfiDefault } from "./efi-default.ts";
import { grubFile, openGrubLoader } from "./grub-loader.ts";
import { openUBootLoader, uBootMarker } from "./u-boot-loader.ts";

export interface LoaderPaths {
  readonly boot: AbsPath;
  /** Below `--sysroot` nothing starts anything: the loader is simulated. */
  readonly isSimulated: boolean;
  /** Where U-Boot's environment is, as fw_env.config says. */
  readonly uBootConfig: AbsPath;
}

/**
 * The loader of a device: simulated below `--sysroot`, GRUB where there is a grub/bootferry.cfg, U-Boot where there is an
 * extlinux/bootferry.conf (installing writes them), systemd-boot otherwise.
 */
export function openDeviceLoader({ boot, isSimulated, uBootConfig }: LoaderPaths, exec: Exec): BootLoader {
  if (isSimulated) return openBlsDirectory({ boot, exec, kind: "simulated" });
  if (existsSync(grubFile(boot, "bootferry.cfg"))) return openGrubLoader({ boot, exec });
  if (existsSync(uBootMarker(boot))) return openUBootLoader({ boot, exec, config: uBootConfig });
  return openBlsDirectory({ boot, exec, kind: "systemd-boot", readEfiDefault });
}
