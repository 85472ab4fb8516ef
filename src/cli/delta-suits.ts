/**
 * Whether a stick with a delta suits a device that is not here: the receipt names what the device holds, and where the trees
 * of that are at hand, the workstation counts the files as the device would.
 */
import type { MountedMedium } from "../bundle/medium.ts";
import type { Statement, Target } from "../bundle/statement.ts";
import { CodedError } from "../error.ts";
import type { Receipt } from "../receipt/receipt.ts";
import { readForms } from "../release/delta/read-forms.ts";
import { readTreeObjects, type TreeObjects } from "../release/delta/read-tree.ts";
import { readReleases } from "../release/existing-releases.ts";
import { requireHeldBase } from "../store/delta-needs.ts";
import { StoreError } from "../store/error.ts";

export type DeltaVerdict =
  | { readonly kind: "suits" }
  | { readonly kind: "refuse"; readonly error: CodedError }
  /** What the device holds may do instead of a base; nobody here knows. */
  | { readonly kind: "unknown"; readonly message: string };

const HINT = "whether what it has does instead, --base-from tells with the media of the releases that it holds";
const SUITS: DeltaVerdict = { kind: "suits" };

/** The objects of a tree, by its digest; undefined where no medium at hand has it. */
export type FindTree = (composefs: string) => Promise<TreeObjects | undefined>;

/** Looks for trees on these media, and reads each once. */
export function treeFinder(media: readonly MountedMedium[], signal: AbortSignal): FindTree {
  const known = new Map<string, Promise<TreeObjects | undefined>>();
  return (composefs) => {
    const tree = known.get(composefs) ?? findTree(composefs, media, signal);
    known.set(composefs, tree);
    return tree;
  };
}

async function findTree(composefs: string, media: readonly MountedMedium[], signal: AbortSignal) {
  for (const medium of media) {
    const { releases } = await readReleases(medium, signal);
    const trees = releases.flatMap(({ statement }) => statement.targets.flatMap(({ tree }) => tree ?? []));
    const tree = trees.find((it) => it.composefs === composefs);
    if (tree === undefined) continue;
    try {
      return await readTreeObjects(medium.layout, tree, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof CodedError)) throw error; // another medium may have it whole
    }
  }
  return undefined;
}

/** @param medium with the release that the device would choose, whose target fits it */
export async function evaluateDelta(
  { held, running, device }: Receipt,
  statement: Statement,
  target: Target,
  {
    medium,
    findTree,
    signal,
  }: { readonly medium: MountedMedium; readonly findTree: FindTree; readonly signal: AbortSignal },
): Promise<DeltaVerdict> {
  if (medium.directory === undefined) return SUITS; // a release file, whose images are elsewhere
  const here = [...held, ...(running.release === null ? [] : [running.release])].map((it) => it.payloadDigest);
  try {
    await requireHeldBase(medium.layout, target, here, signal);
    return SUITS;
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof CodedError)) throw error;
    // What cannot be read here cannot be read there; and where layers are wanted, no file of another release helps.
    if (!(error instanceof StoreError) || device.backend === "bootc") return { kind: "refuse", error };
    const isThere = await hasAllElse(held, statement, target, { medium, findTree, signal });
    if (isThere === undefined) return { kind: "unknown", message: `${error.message}; ${HINT}` };
    return isThere ? SUITS : { kind: "refuse", error };
  }
}

/** Whether packs and what is held have every file of the target; undefined where a tree is not at hand. */
async function hasAllElse(
  held: Receipt["held"],
  statement: Statement,
  target: Target,
  {
    medium,
    findTree,
    signal,
  }: { readonly medium: MountedMedium; readonly findTree: FindTree; readonly signal: AbortSignal },
): Promise<boolean | undefined> {
  const wanted = target.tree === null ? undefined : await findTree(target.tree.composefs);
  const trees = await Promise.all(held.map(async ({ tree }) => (tree === null ? undefined : findTree(tree))));
  if (wanted === undefined) return undefined;
  const forms = await readForms(medium, { ...statement, targets: [target] }, signal);
  const packed = forms.flatMap(({ packs }) => packs.map(({ list }) => list.objects));
  const here = [...trees.flatMap((tree) => tree?.objects ?? []), ...packed];
  const isComplete = [...wanted.objects.keys()].every((object) => here.some((objects) => objects.has(object)));
  if (isComplete) return true;
  return trees.every((tree) => tree !== undefined) ? false : undefined;
}
