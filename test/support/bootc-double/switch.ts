/** `bootc switch`. */
import { BootcFailure, formatReference, type Machine, type Output } from "./context.ts";
import { applyNow, unlockStaged } from "./finish.ts";
import type { ParsedArguments } from "./parse-arguments.ts";
import type { Progress } from "./progress.ts";
import { pullImage, verityOfTree } from "./pull.ts";
import { bootOrder, slotsOf } from "./slots.ts";
import { openSourceImage } from "./source-image.ts";
import { stage } from "./stage.ts";
import type { RecordedImage, Reference } from "./state.ts";

/** @throws BootcFailure; OciError, TreeError */
export async function runSwitch(
  machine: Machine,
  args: ParsedArguments,
  progress: Progress,
  output: Output,
): Promise<void> {
  if (args.has("--from-downloaded") && args.positional === undefined) {
    unlockStaged(machine, output);
    if (args.has("--apply")) await applyNow(machine);
    return;
  }
  const reference = targetOf(args);
  if (args.has("--mutate-in-place")) return mutateInPlace(machine, reference, output);
  const { staged, booted } = slotsOf(machine);
  const current = (staged ?? booted)?.image.reference;
  if (current !== undefined && isSame(current, reference)) {
    // also with --download-only: what is staged and unlocked stays so
    output.out("Image specification is unchanged.\n");
    if (args.has("--apply") && staged !== undefined) await applyNow(machine);
    return;
  }
  const source = await openSourceImage(machine, reference);
  const image = await pullImage(machine, source, progress);
  refuseSameContent(machine, image);
  stage(machine, { image, isLocked: args.has("--download-only"), progress, output });
  if (args.has("--apply")) await applyNow(machine);
}

function targetOf(args: ParsedArguments): Reference {
  const target = { image: args.positional ?? "", transport: args.valueOf("--transport") ?? "registry" };
  return args.has("--enforce-container-sigpolicy") ? { ...target, signature: "containerPolicy" } : target;
}

function isSame(a: Reference, b: Reference): boolean {
  return formatReference(a) === formatReference(b) && a.signature === b.signature;
}

/** composefs knows deployments by their content: the same under another reference is an error. @throws BootcFailure */
export function refuseSameContent(machine: Machine, { tree }: RecordedImage): void {
  if (machine.facts.backend !== "composefs") return;
  const verity = verityOfTree(tree);
  const { staged, booted, rollback } = slotsOf(machine);
  const slot = Object.entries({ staged, booted, rollback }).find(([, deployment]) => deployment?.id === verity)?.[0];
  if (slot !== undefined)
    throw new BootcFailure(`Target image has the same fs-verity digest as the existing ${slot} deployment.`);
}

/** Rewrites where the newest deployment says that it came from; nothing is fetched. */
function mutateInPlace(machine: Machine, reference: Reference, { out }: Output): void {
  if (machine.facts.backend !== "ostree") throw new BootcFailure("This command requires an ostree-based system");
  const { staged, deployments } = machine.state();
  const newestId = staged?.id ?? bootOrder(machine)[0];
  machine.update({
    deployments: deployments.map((it) => (it.id === newestId ? { ...it, image: { ...it.image, reference } } : it)),
  });
  out(`Updated ${newestId} to pull from ${formatReference(reference)}\n`);
}
