/** What `to-disk` and `to-filesystem` do alike: what the image asks for, and a device with loader, kargs and mounts. */
import { type Command, Option } from "commander";
import { requireBootFilesystem } from "../deploy/install/choose-loader.ts";
import type { DiskLoader } from "../deploy/install/disk-layout.ts";
import type { InstallConfig } from "../deploy/install/install-config.ts";
import { installLoader, type PlannedLoader } from "../deploy/install/install-loader.ts";
import type { InstallTarget } from "../deploy/install/install-target.ts";
import { bootMountFiles, rootKeyFiles } from "../deploy/install/machine-files.ts";
import { planLoader, planLocalKargs } from "../deploy/install/plan-installation.ts";
import { readInstallConfig } from "../deploy/install/read-install-config.ts";
import type { EtcFile } from "../deploy/native/install.ts";
import { EXIT, type ExitStatus } from "../error.ts";
import { HostError } from "../host/error.ts";
import type { AbsPath, RelPath } from "../path.ts";
import { openReleasePreview } from "../store/preview.ts";
import { byteProgress } from "./byte-progress.ts";
import type { CliContext } from "./context.ts";
import {
  addInstallSourceOptions,
  type InstallResult,
  type InstallSource,
  type InstallSourceOptions,
  installRelease,
} from "./install-release.ts";
import { addOutputOptions } from "./options.ts";
import type { Output } from "./output.ts";
import { readInputFile } from "./read-input.ts";

export interface DeviceOptions extends InstallSourceOptions {
  readonly bootLoader?: DiskLoader;
  readonly rootSshAuthorizedKeys?: string;
}

/** The options of a verb that installs, its `own` among them, and the statuses that it ends with. */
export function addInstallOptions(command: Command, loaderDefault: string, own: readonly Option[]): void {
  addInstallSourceOptions(command);
  for (const option of own) command.addOption(option);
  command
    .addOption(new Option("--boot-loader <loader>", loaderDefault).choices(["systemd-boot", "grub", "u-boot", "none"]))
    .addOption(new Option("--root-ssh-authorized-keys <file>", "SSH keys by which root may log in"));
  addOutputOptions(command);
}

export const INSTALL_EXITS: readonly ExitStatus[] = [
  EXIT.notTrusted,
  EXIT.notApplicable,
  EXIT.noSpace,
  EXIT.medium,
  EXIT.busy,
];

/** What is known of a release before anything is written. */
export interface DevicePlan {
  readonly config: InstallConfig;
  readonly loader: PlannedLoader;
  readonly rootKeys: ReadonlyMap<RelPath, EtcFile>;
}

/**
 * Looks into the release: whether it can come up on a device, what it asks for, and what it brings.
 * @throws DeployError; StoreError; OciError; HostError; the reason of the signal
 */
export async function planDevice(
  context: CliContext,
  output: Output,
  source: InstallSource,
  options: DeviceOptions,
  firmware: "uefi" | "bios" | undefined,
): Promise<DevicePlan> {
  const { medium, choice } = source;
  const { architecture } = choice.target;
  using progress = byteProgress(output, "looking into the image");
  const { exec, signal } = context;
  const { onProgress } = progress;
  await using preview = await openReleasePreview(medium.layout, choice.target, { exec, signal, onProgress });
  const config = await readInstallConfig(preview, architecture);
  progress[Symbol.dispose](); // before anything else is said
  for (const warning of config.warnings) output.warn(warning);
  const keys = options.rootSshAuthorizedKeys;
  return {
    config,
    loader: planLoader(preview.root, {
      named: options.bootLoader,
      configured: config.loader,
      architecture,
      firmware,
    }),
    rootKeys: keys === undefined ? new Map() : rootKeyFiles(preview.root, readInputFile(context.path(keys))),
  };
}

export interface DeviceResult extends InstallResult {
  readonly bootLoader: DiskLoader;
  readonly kargs: readonly string[];
  /** What is mounted at /boot. */
  readonly boot: string;
}

/** Fills a target that is mounted. @throws StoreError; DeployError; BootError; HostError; the reason of the signal */
export async function installOnTarget(
  context: CliContext,
  output: Output,
  source: InstallSource,
  target: InstallTarget,
  { config, loader, rootKeys }: DevicePlan,
): Promise<DeviceResult> {
  requireBootFilesystem(loader.kind, target.boot.type);
  const { kargs, unmatched } = planLocalKargs(target.rootMountSpec, config, source.kargs);
  for (const karg of unmatched) output.warn(`karg-deletes of the image: there is no argument ${karg}`);
  const result = await installRelease(context, output, source, {
    paths: target.paths,
    kargs,
    etcFiles: new Map([...bootMountFiles(target.boot), ...rootKeys]),
    async prepareBoot(_image, store) {
      if (loader.kind === "u-boot") output.note("preparing the boot partition for the U-Boot of the board");
      else if (loader.kind !== "none") output.note(`installing ${loader.kind}`);
      await installLoader({ exec: context.exec, store }, target, loader);
    },
  });
  if (result.unsealedReason !== null && source.config.store["fs-verity"] !== "off") {
    output.warn(`files are not sealed with fs-verity: ${result.unsealedReason}`); // the next update seals them, if it can
  }
  return { ...result, bootLoader: loader.kind, kargs, boot: target.boot.what };
}

/** @throws HostError HOST_PERMISSION */
export function requireRoot({ media }: CliContext, target: AbsPath): void {
  if (media.isRoot) return;
  throw new HostError("HOST_PERMISSION", `installing onto ${target}: only root can partition, mount and set owners`);
}
