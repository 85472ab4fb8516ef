/** `bootferry os install to-disk`: a whole disk becomes a device that boots. */
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { type Command, Option } from "commander";
import { planDiskLayout } from "../../deploy/install/disk-layout.ts";
import { attachLoop } from "../../deploy/install/loop-device.ts";
import { readKernelPartition } from "../../deploy/install/partition-devices.ts";
import { type DiskPorts, prepareDisk } from "../../deploy/install/prepare-disk.ts";
import { makeScratchDirectory } from "../../deploy/install/scratch-directory.ts";
import { findTargetDisk } from "../../deploy/install/target-disk.ts";
import { HostError } from "../../host/error.ts";
import type { HasTool } from "../../host/find-tool.ts";
import type { AbsPath } from "../../path.ts";
import { agentVersion } from "../agent-version.ts";
import { confirmErase } from "../confirm-erase.ts";
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
import { type InstallSource, openInstallSource } from "../install-release.ts";
import { blockDevicePorts } from "../media-ports.ts";
import { sizeInBytes } from "../options.ts";
import type { Output, OutputOptions } from "../output.ts";

interface Options extends DeviceOptions, OutputOptions {
  readonly wipe?: boolean;
  readonly yes?: boolean;
  readonly espSize?: number;
  readonly rootSize?: number;
  readonly viaLoopback?: boolean;
}

const DESCRIPTION = `Divides DEVICE into a boot partition and a root partition, installs the best release of the medium as the agent does it, and the boot loader that the image carries. The disk boots in the machine that it is for.

Everything is checked before the disk is touched: the release and its signatures, that the image can come up on a device, what its bootc/install/*.toml ask for, and that it fits. Disks of the running system and disks in use are refused, as is a disk that is not empty without --wipe.`;

export function registerOsInstallToDisk(parent: Command, context: CliContext): void {
  const command = parent
    .command("to-disk")
    .summary("install onto a whole disk")
    .description(DESCRIPTION)
    .argument("<device>", "the disk, such as /dev/nvme0n1; with --via-loopback a file");
  addInstallOptions(
    command,
    "by default what the image asks for, else GRUB on a PC that was started by a BIOS, else systemd-boot; u-boot with to-filesystem only",
    [
      new Option("--wipe", "overwrite a disk that is not empty"),
      new Option("--yes", "do not ask for the serial number of the disk"),
      new Option("--esp-size <size>", "boot partition: 1GiB, or 512MiB on disks below 8GiB").argParser(sizeInBytes),
      new Option("--root-size <size>", "root partition: the rest of the disk").argParser(sizeInBytes),
      new Option("--filesystem <type>", "of the root partition").choices(["ext4"]).default("ext4"),
      new Option("--via-loopback", "DEVICE is a file that becomes a disk image"),
    ],
  );
  command.action(async (device: string, options: Options) => {
    const output = context.openOutput(options);
    const source = await openInstallSource(context, options, agentVersion(command));
    const result = await installToDisk(context, output, source, context.path(device), options);
    const { name, version } = result.release;
    output.result(result, () => `installed ${name} ${version} on ${device} as ${result.deployment}`);
  });
  addTeaching(command, {
    examples: [
      {
        does: "A disk of this machine",
        command:
          "bootferry os install to-disk /dev/nvme0n1 --medium /run/media/usb --trust-root root.json --agent-config agent.toml",
      },
      {
        does: "A disk image for virtual machines",
        command:
          "truncate -s 8G disk.img && bootferry os install to-disk disk.img --via-loopback --yes --medium ./stick --trust-root root.json --name kiosk-os --compatible acme-kiosk",
      },
    ],
    exits: INSTALL_EXITS,
  });
}

async function installToDisk(
  context: CliContext,
  output: Output,
  source: InstallSource,
  device: AbsPath,
  options: Options,
): Promise<DeviceResult> {
  const { exec, media } = context;
  const { target } = source.choice;
  requireRoot(context, device);
  requireTools(media.hasTool);
  await using stack = new AsyncDisposableStack();
  const path = options.viaLoopback ? stack.use(await attachLoop(exec, device)).device : media.resolveLinks(device);
  const disk = await findTargetDisk(blockDevicePorts(context), path, { isWipeAllowed: options.wipe ?? false });
  const plan = await planDevice(context, output, source, options, options.viaLoopback ? undefined : firmware());
  const layout = planDiskLayout({
    loader: plan.loader.kind,
    architecture: target.architecture,
    diskBytes: disk.sizeBytes,
    neededBytes: target.tree?.objectsSize ?? 0,
    bootBytes: options.espSize,
    rootBytes: options.rootSize,
    rootLabel: plan.config.rootLabel,
    bootLabel: plan.config.bootLabel,
  });
  await confirmErase(context, output, disk, (options.yes ?? false) || (options.viaLoopback ?? false));
  const prepared = stack.use(await prepareDisk(diskPorts(context, output), disk.path, layout, plan.config));
  const result = await installOnTarget(context, output, source, prepared.target, plan);
  output.note("writing everything to the disk");
  await stack.disposeAsync();
  return result;
}

/** One that is missing must not be missed on a disk that is wiped already. */
function requireTools(hasTool: HasTool): void {
  const missing = ["sfdisk", "mkfs.ext4", "mkfs.vfat", "mount", "umount", "losetup"].filter((tool) => !hasTool(tool));
  if (missing.length > 0) throw new HostError("HOST_TOOL_MISSING", `not installed: ${missing.join(", ")}`);
}

function diskPorts({ exec, media, signal }: CliContext, output: Output): DiskPorts {
  return {
    exec,
    signal,
    wait: (ms) => media.sleep(ms, signal),
    readKnownPartition: readKernelPartition,
    makeScratch: makeScratchDirectory,
    randomUuid: () => randomUUID(),
    onStep: (step) => output.note(step),
  };
}

/** How this machine was started, which the disk is presumably for. */
function firmware(): "uefi" | "bios" {
  return existsSync("/sys/firmware/efi") ? "uefi" : "bios";
}
