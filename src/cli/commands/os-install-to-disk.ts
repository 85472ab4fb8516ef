/** `bootferry os install to-disk`: a whole disk becomes a device that boots. */
import { randomUUID } from "node:crypto";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { type Command, Option } from "commander";
import type { DiskLoader } from "../../deploy/install/disk-layout.ts";
import { installSystemdBoot } from "../../deploy/install/install-loader.ts";
import { attachLoop } from "../../deploy/install/loop-device.ts";
import { bootMountFiles, rootKeyFiles } from "../../deploy/install/machine-files.ts";
import { readKernelPartition } from "../../deploy/install/partition-devices.ts";
import { planInstallation, planLocalKargs } from "../../deploy/install/plan-installation.ts";
import { type DiskPorts, prepareDisk } from "../../deploy/install/prepare-disk.ts";
import { readInstallConfig } from "../../deploy/install/read-install-config.ts";
import { findTargetDisk } from "../../deploy/install/target-disk.ts";
import { EXIT } from "../../error.ts";
import { HostError } from "../../host/error.ts";
import { type AbsPath, parseAbsPath } from "../../path.ts";
import { openReleasePreview } from "../../store/preview.ts";
import { readFileContent } from "../../store/read-content.ts";
import { agentVersion } from "../agent-version.ts";
import { confirmErase } from "../confirm-erase.ts";
import type { CliContext } from "../context.ts";
import { addTeaching } from "../help.ts";
import {
  addInstallSourceOptions,
  type InstallResult,
  type InstallSource,
  type InstallSourceOptions,
  installRelease,
  openInstallSource,
} from "../install-release.ts";
import { blockDevicePorts } from "../media-ports.ts";
import { addOutputOptions, sizeInBytes } from "../options.ts";
import type { Output, OutputOptions } from "../output.ts";
import { readInputFile } from "../read-input.ts";

interface Options extends InstallSourceOptions, OutputOptions {
  readonly wipe?: boolean;
  readonly yes?: boolean;
  readonly bootLoader?: DiskLoader;
  readonly espSize?: number;
  readonly rootSize?: number;
  readonly rootSshAuthorizedKeys?: string;
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
  addInstallSourceOptions(command);
  command
    .addOption(new Option("--wipe", "overwrite a disk that is not empty"))
    .addOption(new Option("--yes", "do not ask for the serial number of the disk"))
    .addOption(
      new Option("--boot-loader <loader>", "by default what the image asks for, else systemd-boot").choices([
        "systemd-boot",
        "none",
      ]),
    )
    .addOption(
      new Option("--esp-size <size>", "boot partition: 1GiB, or 512MiB on disks below 8GiB").argParser(sizeInBytes),
    )
    .addOption(new Option("--root-size <size>", "root partition: the rest of the disk").argParser(sizeInBytes))
    .addOption(new Option("--filesystem <type>", "of the root partition").choices(["ext4"]).default("ext4"))
    .addOption(new Option("--root-ssh-authorized-keys <file>", "SSH keys by which root may log in"))
    .addOption(new Option("--via-loopback", "DEVICE is a file that becomes a disk image"));
  addOutputOptions(command);
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
    exits: [EXIT.notTrusted, EXIT.notApplicable, EXIT.noSpace, EXIT.medium, EXIT.busy],
  });
}

async function installToDisk(
  context: CliContext,
  output: Output,
  source: InstallSource,
  device: AbsPath,
  options: Options,
): Promise<InstallResult & { readonly bootLoader: DiskLoader; readonly root: string; readonly boot: string }> {
  const { exec, signal } = context;
  const { target } = source.choice;
  requireRoot(device);
  await using stack = new AsyncDisposableStack();
  const path = options.viaLoopback ? stack.use(await attachLoop(exec, device)).device : device;
  const disk = await findTargetDisk(blockDevicePorts(context), path, { isWipeAllowed: options.wipe ?? false });

  const preview = stack.use(await openReleasePreview(source.medium.layout, target, { exec, signal }));
  const config = await readInstallConfig(preview, target.architecture);
  for (const warning of config.warnings) output.warn(warning);
  const keys = options.rootSshAuthorizedKeys;
  const rootKeys = keys === undefined ? [] : rootKeyFiles(preview.root, readInputFile(context.path(keys)));
  const { loader, efiLoader, layout } = planInstallation({
    root: preview.root,
    architecture: target.architecture,
    objectsBytes: target.tree?.objectsSize ?? 0,
    config,
    disk,
    loader: options.bootLoader,
    firmware: undefined,
    bootBytes: options.espSize,
    rootBytes: options.rootSize,
  });
  await confirmErase(context, output, disk, (options.yes ?? false) || (options.viaLoopback ?? false));

  const { target: prepared } = stack.use(await prepareDisk(diskPorts(context, output), disk.path, layout, config));
  const kargs = planLocalKargs(prepared.rootMountSpec, config, source.kargs);
  for (const karg of kargs.unmatched) output.warn(`karg-deletes of the image: there is no argument ${karg}`);
  const result = await installRelease(context, output, source, {
    paths: prepared.paths,
    kargs: kargs.kargs,
    etcFiles: new Map([...bootMountFiles(prepared.boot), ...rootKeys]),
    async prepareBoot(_image, store) {
      if (efiLoader === undefined) return;
      output.note(`installing ${loader}`);
      const bytes = readFileContent(store, efiLoader.content);
      await installSystemdBoot(exec, prepared.paths.boot, { ...efiLoader, bytes });
    },
  });
  output.note("writing everything to the disk");
  await stack.disposeAsync();
  return { ...result, bootLoader: loader, root: prepared.rootMountSpec, boot: prepared.boot.what };
}

function diskPorts({ exec, signal }: CliContext, output: Output): DiskPorts {
  return {
    exec,
    signal,
    wait: (ms) => setTimeout(ms),
    readKnownPartition: readKernelPartition,
    makeScratch: () => parseAbsPath(mkdtempSync(join(tmpdir(), "bootferry-install-"))),
    randomUuid: () => randomUUID(),
    onStep: (step) => output.note(step),
  };
}

function requireRoot(device: AbsPath): void {
  if (process.getuid?.() === 0) return;
  throw new HostError("HOST_PERMISSION", `installing onto ${device}: only root can partition and mount`);
}
