/** Finds the releases that a delta starts from: on the medium that was named, or by their names in the places to look in. */
import { BundleError } from "../../bundle/error.ts";
import { type MountedMedium, openMedium } from "../../bundle/medium.ts";
import type { AbsPath } from "../../path.ts";
import { ReleaseError } from "../error.ts";
import { findRelease, readReleases } from "../existing-releases.ts";
import type { DeltaBase } from "./read-base.ts";
import { readTreeObjects, type TreeObjects } from "./read-tree.ts";
import type { OpenBase } from "./verify-form.ts";

export type BaseWish =
  /** The only release there. */
  | { readonly kind: "medium"; readonly directory: AbsPath }
  /** As `findRelease` takes it. `said` is how the person named it. */
  | { readonly kind: "release"; readonly selector: string; readonly said: string };

/**
 * @param places media, or directories in their place; those that are none are passed over
 * @throws ReleaseError RELEASE_BASE_NOT_FOUND, RELEASE_NOT_FOUND, RELEASE_AMBIGUOUS; BundleError; OciError; the reason of the
 *   signal
 */
export async function findBases(
  wishes: readonly BaseWish[],
  places: readonly AbsPath[],
  signal: AbortSignal,
): Promise<readonly DeltaBase[]> {
  const bases: DeltaBase[] = [];
  for (const wish of wishes) {
    if (wish.kind === "release") bases.push(await findNamed(wish, places, signal));
    else {
      const medium = await openMedium(wish.directory, signal);
      const found = findRelease((await readReleases(medium, signal)).releases, undefined);
      bases.push({ ...found, layout: medium.layout });
    }
  }
  return [...new Map(bases.map((base) => [base.payloadDigest, base])).values()];
}

async function findNamed(
  { selector, said }: BaseWish & { readonly kind: "release" },
  places: readonly AbsPath[],
  signal: AbortSignal,
): Promise<DeltaBase> {
  for (const place of new Set(places)) {
    const medium = await openPlace(place, signal);
    if (medium === undefined) continue;
    try {
      const found = findRelease((await readReleases(medium, signal)).releases, selector);
      return { ...found, layout: medium.layout };
    } catch (error) {
      if (!(error instanceof ReleaseError) || error.code !== "RELEASE_NOT_FOUND") throw error;
    }
  }
  const where = places.length === 0 ? "and no place to look for it was given" : `looked in ${places.join(", ")}`;
  const base = said === selector ? selector : `${said} (${selector})`;
  throw new ReleaseError("RELEASE_BASE_NOT_FOUND", `the base ${base} was not found: ${where}`);
}

/** Looks for the bases of a delta in `places`, each once. @throws OciError, ComposefsError for one that is damaged there */
export function baseOpener(places: readonly AbsPath[], signal: AbortSignal): OpenBase {
  const opened = new Map<string, TreeObjects | undefined>();
  return async ({ payloadDigest, tree }) => {
    const key = `${payloadDigest} ${tree}`;
    if (!opened.has(key)) opened.set(key, await openTree(payloadDigest, tree, places, signal));
    return opened.get(key);
  };
}

async function openTree(
  payloadDigest: string,
  tree: string | null,
  places: readonly AbsPath[],
  signal: AbortSignal,
): Promise<TreeObjects | undefined> {
  for (const place of new Set(places)) {
    const medium = await openPlace(place, signal);
    const found =
      medium && (await readReleases(medium, signal)).releases.find((its) => its.payloadDigest === payloadDigest);
    const its = found?.statement.targets.find((target) => target.tree?.composefs === tree)?.tree;
    if (medium && its) return readTreeObjects(medium.layout, its, signal);
  }
  return undefined;
}

async function openPlace(place: AbsPath, signal: AbortSignal): Promise<MountedMedium | undefined> {
  try {
    return await openMedium(place, signal);
  } catch (error) {
    if (error instanceof BundleError && error.code === "BUNDLE_MEDIUM_FOREIGN") return undefined;
    throw error;
  }
}
