/** `bootc upgrade`: the ways of both backends begin and end here. */
import { BootcFailure, formatReference, type Machine, type Output } from "./context.ts";
import { applyNow, setLock, unlockStaged } from "./finish.ts";
import type { ParsedArguments } from "./parse-arguments.ts";
import type { Progress } from "./progress.ts";
import { describeImage, pullImage } from "./pull.ts";
import { slotsOf } from "./slots.ts";
import { openSourceImage, type SourceImage } from "./source-image.ts";
import { stage } from "./stage.ts";
import type { RecordedImage, Reference } from "./state.ts";
import { refuseSameContent } from "./switch.ts";

interface Upgrade {
  readonly machine: Machine;
  readonly args: ParsedArguments;
  readonly progress: Progress;
  readonly output: Output;
}

/** @throws BootcFailure; OciError, TreeError */
export async function runUpgrade(
  machine: Machine,
  args: ParsedArguments,
  progress: Progress,
  output: Output,
): Promise<void> {
  if (machine.traps.isIncompatible)
    throw new BootcFailure("Deployment contains local rpm-ostree modifications; cannot upgrade via bootc");
  if (args.has("--from-downloaded")) unlockStaged(machine, output);
  else {
    const source = await openSourceImage(machine, targetOf(machine, args));
    const run = machine.facts.backend === "composefs" ? upgradeComposefs : upgradeOstree;
    const isChanged = await run({ machine, args, progress, output }, source);
    if (!isChanged) return;
  }
  if (args.has("--apply") && machine.state().staged !== null && machine.facts.backend === "ostree")
    await applyNow(machine);
}

/** What is tracked now: the reference of the staged image, else of the booted one. */
function targetOf(machine: Machine, args: ParsedArguments): Reference {
  const { staged, booted } = slotsOf(machine);
  const reference = (staged ?? booted)?.image.reference;
  if (reference === undefined) throw new BootcFailure("No image specified");
  const tag = args.valueOf("--tag");
  if (tag === undefined) return reference;
  const at = reference.image.lastIndexOf(":");
  return { ...reference, image: `${at < 0 ? reference.image : reference.image.slice(0, at)}:${tag}` };
}

/** @returns whether there may be something to reboot into */
async function upgradeOstree({ machine, args, progress, output }: Upgrade, source: SourceImage): Promise<boolean> {
  const { staged, booted } = slotsOf(machine);
  if (args.has("--check")) {
    checkForUpdate(machine, source, booted?.image.manifestDigest, output);
    return false;
  }
  const image = await pullImage(machine, source, progress);
  const isLocked = args.has("--download-only");
  if (image.manifestDigest === staged?.image.manifestDigest) {
    // a plain upgrade unlocks what an earlier --download-only has locked
    const isSwitched = setLock(machine, isLocked);
    if (!isSwitched) output.out("Staged update present, not changed\n");
    else if (isLocked) output.out("Image downloaded, but will not be applied on reboot\n");
    else output.out("Staged deployment will now be applied on reboot\n");
    return true;
  }
  if (image.manifestDigest === booted?.image.manifestDigest) {
    output.out("No update available.\n"); // and what else is staged stays
    return false;
  }
  stage(machine, { image, isLocked, progress, output });
  return true;
}

function checkForUpdate(
  machine: Machine,
  source: SourceImage,
  bootedDigest: string | undefined,
  { out }: Output,
): void {
  const image = describeImage(machine, source);
  if (image.manifestDigest === bootedDigest) {
    out(`No changes in: ${formatReference(image.reference)}\n`);
    return;
  }
  machine.update({ cachedUpdate: image });
  announce(image, out);
}

function announce({ reference, version, manifestDigest }: RecordedImage, out: Output["out"]): void {
  out(`Update available for: ${formatReference(reference)}\n`);
  if (version !== null) out(`  Version: ${version}\n`);
  out(`  Digest: ${manifestDigest}\n`);
}

/**
 * Its shortcuts go by the config: what is in the repository and staged, or deployed, ends early with exit status 0; what is
 * in the repository and not deployed is staged even when only `--check` was asked for.
 */
async function upgradeComposefs({ machine, args, progress, output }: Upgrade, source: SourceImage): Promise<boolean> {
  const { staged, booted, rollback } = slotsOf(machine);
  const config = source.manifest.config.digest;
  const name = formatReference(source.reference);
  if (staged?.image.configDigest === config) {
    output.out(`No changes in staged image: ${name}\n`);
    return false;
  }
  if ([booted, rollback].some((it) => it?.image.configDigest === config)) {
    output.out(`No changes in: ${name}\n`);
    return false;
  }
  const isInRepository = machine.state().pulledConfigs.includes(config);
  if (args.has("--check") && !isInRepository) {
    announce(describeImage(machine, source), output.out);
    return false;
  }
  const image = await pullImage(machine, source, progress);
  refuseSameContent(machine, image);
  stage(machine, { image, isLocked: args.has("--download-only"), progress, output });
  return true;
}
