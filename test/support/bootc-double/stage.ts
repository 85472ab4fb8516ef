/** Staging: what the machine boots at its next clean shutdown, and what goes to make place for it. */
import { mkdirSync, writeFileSync } from "node:fs";
import { removeEntry, writeEntries } from "./boot-entries.ts";
import { pruneBoundImages, pullBoundImages } from "./bound-images.ts";
import { BootcFailure, formatReference, type Machine, type Output } from "./context.ts";
import { pruneLayers } from "./kept-layers.ts";
import type { Progress } from "./progress.ts";
import { commitOf, verityOfTree } from "./pull.ts";
import { slotsOf } from "./slots.ts";
import type { RecordedDeployment, RecordedImage } from "./state.ts";

export interface StageRequest {
  readonly image: RecordedImage;
  /** `--download-only` */
  readonly isLocked: boolean;
  readonly progress: Progress;
  readonly output: Output;
}

/** @throws BootcFailure, on ostree also when the new deployment is staged already and will boot */
export function stage(machine: Machine, { image, isLocked, progress, output }: StageRequest): void {
  const { facts, traps } = machine;
  if (facts.backend === "composefs" && traps.hasEtcConflict && machine.has("earlyEtcConflict"))
    throw new BootcFailure("Merge conflicts found in etc: Modified config file etc/motd newly defaults to directory");
  const staged = traps.stagesDigest === null ? image : { ...image, manifestDigest: traps.stagesDigest };
  progress.staged(0, "merging", "fetching");
  if (facts.backend === "composefs") stageComposefs(machine, staged, isLocked);
  else stageOstree(machine, staged, isLocked);
  writeRebootRequired(machine, staged);
  progress.staged(1, "deploying", "deploying");
  output.out(`Queued for next boot: ${formatReference(image.reference)}\n`);
  output.out(`${image.version === null ? "" : `  Version: ${image.version}\n`}  Digest: ${staged.manifestDigest}\n`);
  if (facts.backend === "ostree") pullBoundImages(machine, image); // only now: it will boot, whatever comes of this
  progress.staged(2, "bound_images", "bound_images");
  pruneBoundImages(machine);
  pruneLayers(machine);
  if (traps.failsAfterStaging !== null) throw new BootcFailure(traps.failsAfterStaging);
  progress.staged(3, "cleanup", "cleanup");
}

function stageOstree(machine: Machine, image: RecordedImage, isLocked: boolean): void {
  const kept = withoutStaged(machine);
  const checksum = commitOf(image);
  let serial = 0;
  while (kept.some(({ id }) => id === `${checksum}.${serial}`)) serial++;
  const id = `${checksum}.${serial}`;
  machine.update({ deployments: [...kept, { id, image, isPinned: false }], staged: { id, isLocked } });
}

/** The staged entries hold the new and the booted deployment, and nothing else is kept: the rollback one goes. */
function stageComposefs(machine: Machine, image: RecordedImage, isLocked: boolean): void {
  const id = verityOfTree(image.tree);
  const { booted, rollback, others } = slotsOf(machine);
  const deployment: RecordedDeployment = { id, image, isPinned: false };
  const deployments = booted === undefined ? [deployment] : [booted, deployment];
  writeEntries(machine.files, machine.facts, deployments.toReversed(), { where: "entries.staged" });
  for (const old of [rollback, ...others]) if (old !== undefined) removeEntry(machine.files, machine.facts, old.id);
  const pulledConfigs = deployments.map((it) => it.image.configDigest);
  machine.update({ deployments, staged: { id, isLocked }, pulledConfigs });
}

function withoutStaged(machine: Machine): readonly RecordedDeployment[] {
  const { staged, deployments } = machine.state();
  return deployments.filter(({ id }) => id !== staged?.id);
}

/** Drops what is staged; the deployment itself and what only it needed. */
export function dropStaged(machine: Machine): void {
  machine.update({ deployments: withoutStaged(machine), staged: null });
}

function writeRebootRequired(machine: Machine, { manifestDigest }: RecordedImage): void {
  if (!machine.has("rebootRequiredFile")) return;
  mkdirSync(machine.files.run, { recursive: true });
  writeFileSync(machine.files.rebootRequired, `bootc: Reboot required for image: ${manifestDigest}`);
}
