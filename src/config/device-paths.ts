/**
 * Where things are on a device, and the same places below `--sysroot DIR` for the simulation that tests and demo use.
 *
 *     what                 device                     --sysroot DIR
 *     physical root        /sysroot                   DIR
 *     boot partition       /boot                      DIR/boot
 *     the one /var         /var                       DIR/bootferry/var
 *     state                /var/lib/bootferry         DIR/bootferry/var/lib/bootferry
 *     second trust state   /sysroot/bootferry         DIR/bootferry          (outside of /var; bootc hosts: state)
 *     runtime              /run/bootferry             DIR/run/bootferry      (emptied by a simulated boot)
 *     kernel command line  /proc/cmdline              DIR/run/simulated/cmdline
 *     boot id              /proc/sys/kernel/random/…  DIR/run/simulated/boot_id
 *     U-Boot's environment /etc/fw_env.config         – (its loader is simulated)
 *     configuration        /etc → /run → /usr/lib     the same directories of the booted deployment
 */
import { type AbsPath, below, parseAbsPath } from "../path.ts";

export interface DevicePaths {
  readonly sysroot: AbsPath;
  readonly boot: AbsPath;
  readonly stateDirectory: AbsPath;
  /** The second copy of what is remembered of the trust. */
  readonly trustCopy: AbsPath;
  readonly runtimeDirectory: AbsPath;
  readonly kernelCommandLine: AbsPath;
  readonly bootId: AbsPath;
  /** Says where U-Boot's environment is. */
  readonly uBootConfig: AbsPath;
  /** True below `--sysroot`: the boot loader is simulated and a reboot is only asked for. */
  readonly isSimulated: boolean;
}

/** The places of the machine that we run on. */
export const HOST_DEVICE_PATHS: DevicePaths = {
  sysroot: parseAbsPath("/sysroot"),
  boot: parseAbsPath("/boot"),
  stateDirectory: parseAbsPath("/var/lib/bootferry"),
  trustCopy: parseAbsPath("/sysroot/bootferry/trust.json"),
  runtimeDirectory: parseAbsPath("/run/bootferry"),
  kernelCommandLine: parseAbsPath("/proc/cmdline"),
  bootId: parseAbsPath("/proc/sys/kernel/random/boot_id"),
  uBootConfig: parseAbsPath("/etc/fw_env.config"),
  isSimulated: false,
};

/** The places of a bootc host: its physical root is mounted read-only, and bootc's alone. */
export const BOOTC_DEVICE_PATHS: DevicePaths = {
  ...HOST_DEVICE_PATHS,
  trustCopy: parseAbsPath("/var/lib/bootferry/trust-copy.json"),
};

/** The places of a device that lives in `sysroot`. */
export function simulatedDevicePaths(sysroot: AbsPath): DevicePaths {
  return {
    sysroot,
    boot: below(sysroot, "boot"),
    stateDirectory: below(sysroot, "bootferry", "var", "lib", "bootferry"),
    trustCopy: below(sysroot, "bootferry", "trust.json"),
    runtimeDirectory: below(sysroot, "run", "bootferry"),
    kernelCommandLine: below(sysroot, "run", "simulated", "cmdline"),
    bootId: below(sysroot, "run", "simulated", "boot_id"),
    uBootConfig: below(sysroot, "run", "simulated", "fw_env.config"),
    isSimulated: true,
  };
}

/** The places of a device that is being installed: its file systems are mounted somewhere on this machine. */
export function targetDevicePaths(root: AbsPath, boot: AbsPath, scratch: AbsPath): DevicePaths {
  return {
    sysroot: root,
    boot,
    stateDirectory: below(root, "bootferry", "var", "lib", "bootferry"),
    trustCopy: below(root, "bootferry", "trust.json"),
    runtimeDirectory: below(scratch, "run"),
    kernelCommandLine: below(scratch, "cmdline"), // never there: what runs on this machine is not the device
    bootId: below(scratch, "boot_id"),
    uBootConfig: below(scratch, "fw_env.config"), // never there either: a board that installs keeps its own environment
    isSimulated: false,
  };
}
