/** `bootferry os install to-filesystem`: the first deployment of a device, onto what is mounted, or into a directory. */
import { mkdirSync, rmSync } from "node:fs";
import { type Command, Option } from "commander";
import { simulatedDevicePaths } from "../../config/device-paths.ts";
import { findMountedTarget, isMountedTarget } from "../../deploy/install/mounted-target.ts";
import { makeScratchDirectory } from "../../deploy/install/scratch-directory.ts";
import { hostError } from "../../host/error.ts";
import { findDevice } from "../../media/block-device.ts";
import { listBlockDevices } from "../../media/list-block-devices.ts";
import type { AbsPath } from "../../path.ts";
import { agentVersion } from "../agent-version.ts";
import type { CliContext } from "../context.ts";
import { addTeaching } from "../help.ts";
import {
  addInstallOptions,
  type DeviceOptions,
  type DeviceResult,
  INSTALL_EXITS,
  installOnTarget,
  planDevice,
  requireRoot,
} from "../install-on-target.ts";
import {
  type InstallResult,
  type InstallSource,
  installRelease,
  openInstallSource,
  requireNotInstalled,
} from "../install-release.ts";
import { blockDevicePorts } from "../media-ports.ts";
import type { Output, OutputOptions } from "../output.ts";

interface Options extends DeviceOptions, OutputOptions {
  readonly boot?: string;
  readonly rootMountSpec?: string;
  readonly bootMountSpec?: string;
}

const DESCRIPTION = `Lays out DIRECTORY as the root file system of a device with its boot partition in DIRECTORY/boot, and installs the best release of the medium into it: verified and stored as the agent does it. The deployment gets agent.toml and the trust root in its /etc/bootferry and is good from the start.

Where both are mounted file systems (or --boot or --root-mount-spec say so) the result is a device that boots, as \`os install to-disk\` makes it, on partitions of your own making. That needs root.

Any other directory becomes a simulated device, without a boot loader. It needs no root; without it, owners, devices and extended attributes stand only in the image, which is what boots. The result can be tried with \`bootferry os simulate-boot --sysroot DIRECTORY\`.`;

export function registerOsInstallToFilesystem(parent: Command, context: CliContext): void {
  const command = parent
    .command("to-filesystem")
    .summary("install onto mounted partitions, or into a directory")
    .description(DESCRIPTION)
    .argument("<directory>", "where the device's root file system is mounted, or any empty directory");
  addInstallOptions(
    command,
    "by default what the image asks for, else systemd-boot; u-boot prepares for the U-Boot that the board has",
    [
      new Option("--boot <directory>", "where the boot partition is mounted; by default DIRECTORY/boot"),
      new Option("--root-mount-spec <spec>", "how the device finds its root; by default by its UUID"),
      new Option("--boot-mount-spec <spec>", "how it finds its boot partition; by default by its UUID"),
    ],
  );
  command.action(async (directory: string, options: Options) => {
    const output = context.openOutput(options);
    const root = context.path(directory);
    const version = agentVersion(command);
    const isDevice = isDeviceNamed(options) || (await isMountedTarget(context.exec, root));
    const install = isDevice ? installOnMounted : installSimulated;
    const result = await install(context, output, root, options, version);
    output.result(result, () => `installed ${result.release.name} ${result.release.version} as ${result.deployment}`);
  });
  addTeaching(command, {
    examples: [
      {
        does: "A device to play with",
        command:
          "bootferry os install to-filesystem ./device --medium ./stick --trust-root root.json --agent-config agent.toml",
      },
      {
        does: "Partitions of your own",
        command:
          "mount /dev/sdb2 /mnt && mount /dev/sdb1 /mnt/boot && bootferry os install to-filesystem /mnt --medium ./stick --trust-root root.json --agent-config agent.toml",
      },
    ],
    exits: INSTALL_EXITS,
  });
}

function isDeviceNamed({ boot, rootMountSpec, bootMountSpec, bootLoader }: Options): boolean {
  return [boot, rootMountSpec, bootMountSpec, bootLoader].some((option) => option !== undefined);
}

async function installSimulated(
  context: CliContext,
  output: Output,
  root: AbsPath,
  options: Options,
  version: string,
): Promise<InstallResult> {
  const paths = simulatedDevicePaths(root);
  requireNotInstalled(context, paths);
  const source = await openInstallSource(context, options, version);
  makeDirectory(paths.boot);
  return installRelease(context, output, source, { paths, kargs: source.kargs });
}

async function installOnMounted(
  context: CliContext,
  output: Output,
  root: AbsPath,
  options: Options,
  version: string,
): Promise<DeviceResult> {
  requireRoot(context, root);
  const scratch = makeScratchDirectory();
  try {
    const wishes = {
      root,
      boot: options.boot === undefined ? undefined : context.path(options.boot),
      rootMountSpec: options.rootMountSpec,
      bootMountSpec: options.bootMountSpec,
      scratch,
    };
    const devices = await listBlockDevices(blockDevicePorts(context));
    const diskOf = (device: AbsPath) => findDevice(devices, context.media.resolveLinks(device))?.disk.path;
    const target = await findMountedTarget(context.exec, wishes, diskOf);
    requireNotInstalled(context, target.paths);
    const source: InstallSource = await openInstallSource(context, options, version);
    const plan = await planDevice(context, output, source, options, undefined);
    return await installOnTarget(context, output, source, target, plan);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function makeDirectory(path: AbsPath): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch (error) {
    throw hostError(error, `making ${path}`);
  }
}
