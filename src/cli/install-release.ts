/**
 * What the verbs of `os install` share: a release is chosen and verified as an agent without a past does it, then stored
 * and deployed into a target that the verb has made ready.
 */
import { type Command, Option } from "commander";
import { chooseUnder, describeAdoption, planAdoption } from "../agent/adopt-roots.ts";
import { openAgentLock } from "../agent/agent-lock.ts";
import type { ChoiceFacts, MediumChoice } from "../agent/choose-from-medium.ts";
import { readSynchronisedTime } from "../agent/synchronised-time.ts";
import { NO_VERDICTS } from "../agent/verdicts.ts";
import { openDeviceLoader } from "../boot/device-loader.ts";
import { BundleError } from "../bundle/error.ts";
import { type MountedMedium, openMedium } from "../bundle/medium.ts";
import type { DevicePaths } from "../config/device-paths.ts";
import { describeNotApplied } from "../deploy/describe-not-applied.ts";
import { DeployError } from "../deploy/error.ts";
import { makeEngine } from "../deploy/native/backend.ts";
import { appPortsOf } from "../deploy/native/device-apps.ts";
import { type EtcFile, installDeployment, isInstalled } from "../deploy/native/install.ts";
import { parseKarg } from "../deploy/native/kargs.ts";
import { engineDirectory } from "../deploy/native/layout.ts";
import { storeIfRoom } from "../deploy/native/store-release.ts";
import type { NotApplied } from "../deploy/port.ts";
import type { Digest } from "../oci/digest.ts";
import { parseRelPath, type RelPath } from "../path.ts";
import { findRelease, readReleases } from "../release/existing-releases.ts";
import type { StoredTree } from "../store/ingest.ts";
import { type ObjectStore, openObjectStore } from "../store/object-store.ts";
import { formatEnvelope } from "../trust/dsse.ts";
import { newestOf, parseRootFile } from "../trust/root-chain.ts";
import { INITIAL_TRUST_STATE } from "../trust/state.ts";
import type { CliContext } from "./context.ts";
import { ingestProgress } from "./ingest-progress.ts";
import { collect, releaseOption } from "./options.ts";
import type { Output } from "./output.ts";
import { type Provisioning, type ProvisioningOptions, readProvisioning } from "./provisioning.ts";
import { readInputFile } from "./read-input.ts";

export interface InstallSourceOptions extends ProvisioningOptions {
  readonly medium: string;
  readonly trustRoot: string;
  readonly karg?: readonly string[];
  readonly release?: string;
}

/** The options that every `os install` has. */
export function addInstallSourceOptions(command: Command): Command {
  return command
    .addOption(new Option("--medium <directory>", "mount point of the medium with the release").makeOptionMandatory())
    .addOption(releaseOption("which release of the medium; by default the best one for this device"))
    .addOption(
      new Option(
        "--trust-root <file>",
        "the trust root that the device gets, and is verified by",
      ).makeOptionMandatory(),
    )
    .addOption(new Option("--agent-config <file>", "the agent.toml that the device gets"))
    .addOption(new Option("--name <name>", "release name that the device follows; without --agent-config"))
    .addOption(new Option("--compatible <kind>", "kind of device; without --agent-config"))
    .addOption(new Option("--karg <argument>", "kernel argument of this machine; repeatable").argParser(collect));
}

export type InstallChoice = Extract<MediumChoice, { kind: "install" }>;

export interface InstallSource extends Provisioning {
  readonly medium: MountedMedium;
  readonly choice: InstallChoice;
  /** The root that was named, and what the medium adds to it, as the device gets them. */
  readonly rootBytes: Uint8Array;
  /** `--karg`. */
  readonly kargs: readonly string[];
}

/**
 * Reads what was named and chooses the best release for the new device. Writes nothing.
 * @throws CliError; ConfigError; DeployError DEPLOY_KARGS_INVALID; TrustError, BundleError: why there is none
 */
export async function openInstallSource(
  context: CliContext,
  options: InstallSourceOptions,
  agentVersion: string,
): Promise<InstallSource> {
  const kargs = (options.karg ?? []).map(parseKarg);
  const provisioning = readProvisioning(context, options);
  const rootFile = readInputFile(context.path(options.trustRoot));
  const named = parseRootFile(rootFile);
  const medium = await openMedium(context.path(options.medium), context.signal);
  const { compatible, architecture, id: deviceId } = provisioning.config.device;
  const facts: ChoiceFacts = {
    root: newestOf(named),
    device: { compatible, architecture, deviceId, agentVersion },
    followName: provisioning.config.follow.name,
    trustState: INITIAL_TRUST_STATE,
    verdicts: NO_VERDICTS,
    synchronisedNowUtc: await readSynchronisedTime(context.exec, context.clock),
    ...(options.release === undefined ? {} : { onlyPayload: await findPayload(context, medium, options.release) }),
  };
  const adoption = await planAdoption(medium, facts, context.signal);
  const choice = await chooseUnder(medium, adoption, describeAdoption(adoption, "run"), context.signal);
  if (choice.kind === "refused") throw choice.error;
  if (choice.kind === "nothing") throw new BundleError("BUNDLE_NO_RELEASE", "there are only roots on the medium");
  const chain = [...named, ...adoption.steps];
  const rootBytes =
    adoption.steps.length === 0 ? rootFile : Buffer.concat(chain.map(({ envelope }) => formatEnvelope(envelope)));
  return { ...provisioning, medium, choice, rootBytes, kargs };
}

/** The release that was named, whether it is to be trusted or not. @throws ReleaseError RELEASE_NOT_FOUND, RELEASE_AMBIGUOUS */
async function findPayload({ signal }: CliContext, medium: MountedMedium, selector: string): Promise<Digest> {
  const { releases } = await readReleases(medium, signal);
  return findRelease(releases, selector).payloadDigest;
}

export interface InstallPlan {
  readonly paths: DevicePaths;
  /** All local kernel arguments of the device. */
  readonly kargs: readonly string[];
  /** Besides configuration and trust root. */
  readonly etcFiles?: ReadonlyMap<RelPath, EtcFile>;
  /** What must stand on the boot partition before the first entry does: the boot loader. */
  readonly prepareBoot?: (image: StoredTree, store: ObjectStore) => Promise<void>;
}

export interface InstallResult {
  readonly deployment: string;
  readonly release: StoredTree["release"];
  readonly imageDigest: string;
  readonly isSealed: boolean;
  /** Why not; null when it is. */
  readonly unsealedReason: string | null;
  readonly notApplied: readonly NotApplied[];
}

async function storeImage(
  { exec, signal }: CliContext,
  output: Output,
  { medium, choice }: InstallSource,
  store: ObjectStore,
  paths: DevicePaths,
): Promise<StoredTree> {
  using progress = ingestProgress(output); // its bar ends before anything else is said
  const device = { paths, loader: openDeviceLoader(paths, exec), store, apps: appPortsOf(paths, exec) };
  const image = await storeIfRoom(device, medium.layout, choice.release, choice.target, {
    signal,
    onProgress: progress.show,
  });
  signal.throwIfAborted();
  return image;
}

/** @throws DeployError DEPLOY_ALREADY_INSTALLED */
export function requireNotInstalled({ exec }: Pick<CliContext, "exec">, paths: DevicePaths): void {
  if (isInstalled({ paths, loader: openDeviceLoader(paths, exec) })) {
    throw new DeployError("DEPLOY_ALREADY_INSTALLED", `${paths.sysroot} holds deployments already`);
  }
}

/**
 * Stores the chosen release and makes it the first deployment.
 * @throws StoreError, DeployError, HostError; the reason of the signal
 */
export async function installRelease(
  context: CliContext,
  output: Output,
  source: InstallSource,
  plan: InstallPlan,
): Promise<InstallResult> {
  const { exec, clock } = context;
  const { paths } = plan;
  const { config, agentToml, rootBytes } = source;
  await using _lock = await openAgentLock(paths.runtimeDirectory);
  const store = await openObjectStore(engineDirectory(paths), { exec, fsVerity: config.store["fs-verity"] });
  const image = await storeImage(context, output, source, store, paths);
  await plan.prepareBoot?.(image, store);
  const { id, notApplied } = await installDeployment(makeEngine({ paths, store, exec, clock }), image, {
    etcFiles: new Map<RelPath, EtcFile>([
      [parseRelPath("bootferry/agent.toml"), agentToml],
      [parseRelPath("bootferry/root.json"), rootBytes],
      ...(plan.etcFiles ?? []),
    ]),
    kargs: plan.kargs,
  });
  const lost = describeNotApplied(notApplied);
  if (lost !== undefined && process.getuid?.() === 0) output.warn(lost); // without root it is the rule, see --help
  const { release, imageDigest, isSealed, unsealedReason = null } = image;
  return { deployment: id, release, imageDigest, isSealed, unsealedReason, notApplied };
}
