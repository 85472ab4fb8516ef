/**
 * The update behind `os upgrade` and `os switch`: the same steps as the agent's, one after the other, by hand.
 *
 * choose → store → stage → second lock → activate. Without the agent's journal: what is booted afterwards and not
 * confirmed is found and assessed by `bootferry agent run` all the same.
 */
import { adoptRoots, chooseUnder, describeAdoption, planAdoption } from "../agent/adopt-roots.ts";
import { readChoiceFacts } from "../agent/choice-facts.ts";
import type { MediumChoice } from "../agent/choose-from-medium.ts";
import { appendHistory } from "../agent/history.ts";
import { verifySecondLock } from "../agent/second-lock.ts";
import type { MountedMedium } from "../bundle/medium.ts";
import { describeNotApplied } from "../deploy/describe-not-applied.ts";
import type { Host } from "../deploy/host-status.ts";
import { requireConfirmed } from "../deploy/native/boot-facts.ts";
import { requireSafeLoader } from "../deploy/native/engine.ts";
import { readSnapshot } from "../deploy/native/snapshot.ts";
import { storeIfRoom } from "../deploy/native/store-release.ts";
import type { ActivationReport, StagedDeployment, StageOptions } from "../deploy/port.ts";
import { StoreError } from "../store/error.ts";
import { agentPorts } from "./agent-ports.ts";
import type { CliContext } from "./context.ts";
import type { Device, NativeDevice } from "./device.ts";
import { ingestProgress } from "./ingest-progress.ts";
import type { Output } from "./output.ts";

/** What is printed, and by --json. */
export interface UpdateResult {
  readonly result: "none" | "available" | "downloaded" | "queued";
  readonly lines: readonly string[];
  readonly host: Host;
}

export type Installable = Extract<MediumChoice, { kind: "install" }>;

/**
 * What the medium holds for this device, whose roots it adopts first; with `isDryRun` it only says that it would.
 * @throws as `planAdoption`, `adoptRoots` and `chooseUnder`
 */
export async function chooseForDevice(
  context: CliContext,
  device: NativeDevice,
  medium: MountedMedium,
  { agentVersion, isDryRun, output }: ChooseOptions,
): Promise<MediumChoice> {
  const { clock, signal } = context;
  const { paths } = device;
  const facts = await readChoiceFacts(agentPorts(context, device, agentVersion));
  const adoption = await planAdoption(medium, facts, signal);
  const adopted = describeAdoption(adoption, isDryRun ? "dry-run" : "run");
  if (!isDryRun) {
    const note: Parameters<typeof adoptRoots>[0]["note"] = (about, message) => {
      const atUtc = clock.nowUtc().toISOString();
      appendHistory(paths.stateDirectory, { version: 1, kind: "note", atUtc, about, message });
    };
    adoptRoots({ paths, note }, adoption);
  }
  const choice = await chooseUnder(medium, adoption, adopted, signal);
  if (adopted !== "" && choice.kind !== "nothing") output.note(adopted);
  return choice;
}

export interface ChooseOptions {
  /** Of this bootferry. */
  readonly agentVersion: string;
  readonly isDryRun: boolean;
  readonly output: Pick<Output, "note">;
}

/**
 * Stores the chosen release and stages it; nothing that boots has changed afterwards.
 * @throws StoreError, DeployError, AgentError AGENT_SECOND_LOCK
 */
async function stageChoice(
  context: CliContext,
  device: NativeDevice,
  medium: MountedMedium,
  { release, target }: Installable,
  options: StageOptions & { readonly output: Output },
): Promise<StagedDeployment> {
  const { backend, engine } = device;
  if (target.tree === null) {
    throw new StoreError("STORE_TREE_ABSENT", `${release.statement.name} has no tree for ${target.compatible}`);
  }
  using progress = ingestProgress(options.output);
  const image = await storeIfRoom(engine, medium.layout, release, target, {
    signal: context.signal,
    onProgress: progress.show,
  });
  const staged = await backend.stage(image, { ...options, signal: context.signal });
  try {
    const signed = { imageManifestDigest: target.image.digest, imageDigest: target.tree.composefs };
    await verifySecondLock(backend, staged, signed);
  } catch (error) {
    await backend.unstage(); // what is not what was signed must not stay where it could be activated
    throw error;
  }
  return staged;
}

/** Makes it the next boot, and says what of /etc needs a look. */
export async function activateAndWarn(
  { backend }: Pick<NativeDevice, "backend">,
  staged: StagedDeployment,
  output: Pick<Output, "warn">,
): Promise<ActivationReport> {
  const report = await backend.activate(staged);
  for (const { path, kind, detail } of report.conflicts) {
    const what = detail === undefined ? "" : ` (${detail})`;
    output.warn(`${path}: ${kind}${what}; the version of this device was kept`);
  }
  const lost = describeNotApplied(report.notApplied);
  if (lost !== undefined) output.warn(lost);
  return report;
}

/**
 * Stages a choice and, unless it is to stay locked, makes it the next boot.
 * @throws DeployError DEPLOY_UNCONFIRMED, DEPLOY_LOADER_UNSAFE, both before the first layer is read; StoreError; AgentError
 *   AGENT_SECOND_LOCK
 */
export async function installChoice(
  context: CliContext,
  device: NativeDevice,
  job: {
    readonly medium: MountedMedium;
    readonly choice: Installable;
    readonly output: Output;
    readonly isLocked: boolean;
    readonly kargs: Pick<StageOptions, "addKargs" | "removeKargs">;
  },
): Promise<UpdateResult> {
  const { medium, choice, output, isLocked, kargs } = job;
  // Staging would refuse it too, but only after all of the medium was read.
  requireConfirmed(readSnapshot(device.paths, device.loader));
  await requireSafeLoader(device.engine);
  const staged = await stageChoice(context, device, medium, choice, { ...kargs, output });
  const lines = describeChoice(choice);
  if (isLocked) {
    const said = ["Image downloaded, but will not be applied on reboot", ...lines];
    return { result: "downloaded", lines: said, host: await device.backend.status() };
  }
  await activateAndWarn(device, staged, output);
  const host = await device.backend.status();
  const { transport, image } = host.status.staged?.image?.image ?? { transport: "oci", image: staged.id };
  return { result: "queued", lines: [`Queued for next boot: ${transport}:${image}`, ...lines], host };
}

/** As bootc lists an update. */
export function describeChoice({ release, target }: Installable): readonly string[] {
  return [`  Version: ${release.statement.version}`, `  Digest: ${target.image.digest}`];
}

const REBOOT_TIMEOUT_MS = 60_000; // systemctl only hands the job over

/** `--apply`. Below --sysroot a reboot is only asked for. @throws HostError */
export async function applyByReboot(context: CliContext, { paths }: Device, output: Output): Promise<void> {
  if (paths.isSimulated) output.note("Reboot asked for: run `bootferry os simulate-boot`.");
  else await context.exec(["systemctl", "reboot"], { timeoutMs: REBOOT_TIMEOUT_MS });
}
