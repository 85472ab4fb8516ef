/** `bootferry os verify`: is everything that the deployments need there and whole; and mend it from a medium. */
import { type Command, Option } from "commander";
import { readTrustedRoot } from "../../agent/trust-memory.ts";
import { type MountedMedium, openMedium } from "../../bundle/medium.ts";
import { listReleases } from "../../bundle/read-release.ts";
import { listRoots } from "../../bundle/read-root.ts";
import type { Target } from "../../bundle/statement.ts";
import { type VerifiedRelease, verifyRelease } from "../../bundle/verify-release.ts";
import type { AgentConfig } from "../../config/agent-config.ts";
import { loadAgentConfig } from "../../config/load-agent-config.ts";
import { imageRoots } from "../../deploy/native/gc.ts";
import { repairBootFiles } from "../../deploy/native/repair-boot-files.ts";
import { readSnapshot } from "../../deploy/native/snapshot.ts";
import { type DeploymentsReport, sealedImages, verifyDeployments } from "../../deploy/native/verify-deployments.ts";
import { CodedError, EXIT } from "../../error.ts";
import { repairStore } from "../../store/repair-store.ts";
import { sealImages } from "../../store/seal-images.ts";
import { isWhole } from "../../store/verify-store.ts";
import type { TrustedRoot } from "../../trust/root.ts";
import { extendRoot } from "../../trust/root-chain.ts";
import { byteProgress } from "../byte-progress.ts";
import type { CliContext } from "../context.ts";
import { addSysrootOption, openDeviceForRescue, type RescuedDevice, type SysrootOption } from "../device.ts";
import { CliError } from "../error.ts";
import { formatBytes } from "../format-units.ts";
import { addTeaching } from "../help.ts";
import { addOutputOptions } from "../options.ts";
import type { Output, OutputOptions } from "../output.ts";

interface Options extends SysrootOption, OutputOptions {
  readonly repair?: boolean;
  readonly medium?: string;
}

const DESCRIPTION = `Reads and digests everything that the deployments of this device need: images, objects, kernels on the boot partition. Lists what is missing or damaged, with the files that use it, and files that are not sealed with fs-verity although their deployment asks for it.

With --repair, what is damaged is taken again from the medium: any verified release that holds the same files will do. Kernels are written again from the store and seals are made without a medium.`;

export function registerOsVerify(parent: Command, context: CliContext): void {
  const command = parent
    .command("verify")
    .summary("check that everything the deployments need is whole; mend it")
    .description(DESCRIPTION)
    .addOption(new Option("--repair", "mend what is damaged"))
    .addOption(new Option("--medium <directory>", "with --repair: mount point of a medium with the release"));
  addSysrootOption(command);
  addOutputOptions(command);
  command.action(async (options: Options) => {
    if (options.medium !== undefined && !options.repair) throw new CliError("CLI_USAGE", "--medium needs --repair");
    const output = context.openOutput(options);
    await using device = await openDeviceForRescue(context, options);
    const before = await verify(context, device, output);
    const report = options.repair && !before.isWhole ? await repair(context, device, output, options.medium) : before;
    output.result(toJson(report), () => describe(report, !before.isWhole && report.isWhole));
    if (!report.isWhole) context.setExitStatus(EXIT.failed);
  });
  addTeaching(command, {
    examples: [
      { does: "Check", command: "bootferry os verify" },
      { does: "Mend from a stick", command: "bootferry os verify --repair --medium /run/media/usb" },
    ],
    exits: [EXIT.notTrusted, EXIT.noSpace, EXIT.medium, EXIT.busy],
  });
}

async function verify(context: CliContext, { engine }: RescuedDevice, output: Output): Promise<DeploymentsReport> {
  using progress = byteProgress(output, "checking");
  return await verifyDeployments(engine, { signal: context.signal, onProgress: progress.onProgress });
}

async function repair(
  context: CliContext,
  device: RescuedDevice,
  output: Output,
  mediumPath: string | undefined,
): Promise<DeploymentsReport> {
  if (mediumPath !== undefined)
    await repairFrom(context, device, output, await openMedium(context.path(mediumPath), context.signal));
  const { store } = await verify(context, device, output);
  if (isWhole(store)) {
    await repairBootFiles(device.engine);
    const { deployments } = readSnapshot(device.paths, device.loader);
    output.note("sealing files with fs-verity");
    await sealImages(device.store, sealedImages(deployments), context.signal);
  }
  return verify(context, device, output);
}

/** Each release of the medium that we trust and that has a tree, until the store is whole. */
async function repairFrom(
  context: CliContext,
  device: RescuedDevice,
  output: Output,
  medium: MountedMedium,
): Promise<void> {
  const { store, paths, loader } = device;
  const snapshot = readSnapshot(paths, loader);
  const images = imageRoots(snapshot);
  const architectures = snapshot.deployments.map(({ origin }) => origin.architecture);
  const root = await rootFor(device, medium, context.signal);
  const { releases } = await listReleases(medium, context.signal);
  let refusal: CodedError | undefined;
  for (const unverified of releases) {
    try {
      const release = verifyRelease(unverified, root);
      for (const target of treeTargets(release, architectures)) {
        using progress = byteProgress(output, "repairing");
        const options = { signal: context.signal, onProgress: progress.onProgress };
        const { report } = await repairStore(store, medium.layout, target, images, options);
        if (isWhole(report)) return;
      }
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      refusal ??= error;
    }
  }
  if (refusal !== undefined) output.warn(`the medium could not mend everything: ${refusal.message} [${refusal.code}]`);
}

/** What the medium itself leads to counts here and is not remembered: the agent adopts it when it installs. */
async function rootFor(device: RescuedDevice, medium: MountedMedium, signal: AbortSignal): Promise<TrustedRoot> {
  const { files, paths } = device;
  const trusted = await readTrustedRoot({ files, paths, config: { trust: await readTrustConfig(device) } });
  const { roots } = await listRoots(medium, { aboveVersion: trusted.version, signal });
  const steps = extendRoot(
    trusted,
    roots.map(({ root }) => root),
  );
  return steps.at(-1) ?? trusted;
}

function treeTargets({ statement }: VerifiedRelease, architectures: readonly string[]): readonly Target[] {
  return statement.targets.filter(({ tree, architecture }) => tree !== null && architectures.includes(architecture));
}

/** Where the trust root is; in its usual place when the configuration is what cannot be read. */
async function readTrustConfig({ files }: RescuedDevice): Promise<AgentConfig["trust"]> {
  try {
    return (await loadAgentConfig(files)).trust;
  } catch (error) {
    if (error instanceof CodedError) return {};
    throw error;
  }
}

function toJson(report: DeploymentsReport): unknown {
  const { missingImages, corruptImages, checkedObjects, checkedBytes } = report.store;
  const { objects, bootFiles, withoutEtc, damagedOrigins, unsealed } = report;
  return {
    isWhole: report.isWhole,
    ...{ checkedObjects, checkedBytes, objects, missingImages, corruptImages, bootFiles, withoutEtc, damagedOrigins },
    unsealedFiles: unsealed.length,
  };
}

function describe(report: DeploymentsReport, wasRepaired: boolean): string {
  const { missingImages, corruptImages, checkedObjects, checkedBytes } = report.store;
  const checked = `${checkedObjects} objects (${formatBytes(checkedBytes)}) checked`;
  if (report.isWhole) return `${checked}: ${wasRepaired ? "repaired, all whole" : "all whole"}`;
  return [
    ...missingImages.map((digest) => `missing image ${digest}`),
    ...corruptImages.map((digest) => `damaged image ${digest}`),
    ...report.objects.map(({ digest, state, usedBy }) => `${state} object ${digest}: ${usedBy.join(", ")}`),
    ...report.bootFiles.map(({ path, deployment }) => `damaged boot file ${path} of ${deployment}`),
    ...report.withoutEtc.map((id) => `deployment ${id} has no /etc`),
    ...report.damagedOrigins.map((id) => `deployment ${id} has a damaged origin.json`),
    ...(report.unsealed.length === 0
      ? []
      : [`${report.unsealed.length} files are not sealed, first ${report.unsealed[0]}`]),
    `${checked}: damaged`,
  ].join("\n");
}
