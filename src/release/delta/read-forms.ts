/** What a medium holds of each target of a release: all layers, or packs in their place. Nothing of it is verified. */
import { readImageBlobs } from "../../bundle/image-blobs.ts";
import type { MountedMedium } from "../../bundle/medium.ts";
import { type FoundPack, readPacks } from "../../bundle/read-packs.ts";
import type { Statement, Target } from "../../bundle/statement.ts";
import { MAX_OBJECT_LIST_BYTES, type ObjectList, parseObjectList } from "../../composefs/object-list.ts";
import { CodedError } from "../../error.ts";
import { readVerifiedBlob } from "../../oci/verified-blob.ts";

/** A pack for a target. */
export interface TargetPack {
  readonly pack: FoundPack;
  readonly list: ObjectList;
  readonly objectBytes: number;
  /** What it takes of the medium. */
  readonly packBytes: number;
}

export interface TargetForm {
  readonly target: Target;
  /** All layers of its image. */
  readonly layerBytes: number;
  /** Those that are there. */
  readonly carriedBytes: number;
  readonly absentLayers: number;
  readonly packs: readonly TargetPack[];
  /** What is wrong with packs of it. */
  readonly problems: readonly CodedError[];
}

/**
 * @throws OciError, BundleError for the documents of images; the reason of the signal
 */
export async function readForms(
  { layout }: MountedMedium,
  { targets }: Statement,
  signal: AbortSignal,
): Promise<readonly TargetForm[]> {
  const forms: TargetForm[] = [];
  for (const target of targets) {
    const { layers } = await readImageBlobs(layout, target.image, target.architecture, signal);
    let [layerBytes, carriedBytes, absentLayers] = [0, 0, 0];
    for (const { digest, size } of new Map(layers.map((layer) => [layer.digest, layer])).values()) {
      layerBytes += size;
      if ((await layout.blobSizeBytes(digest)) === undefined) absentLayers += 1;
      else carriedBytes += size;
    }
    const found = await readPacks(layout, target.image.digest, signal);
    const packs: TargetPack[] = [];
    const problems: CodedError[] = [];
    for (const pack of found.packs) {
      try {
        const list = parseObjectList(await readVerifiedBlob(layout, pack.list, MAX_OBJECT_LIST_BYTES, signal));
        if (list.tree !== (target.tree?.composefs ?? null)) continue; // of another target with the same image
        packs.push({ pack, list, objectBytes: sum(list.objects.values()), packBytes: bytesOf(pack) });
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof CodedError)) throw error;
        problems.push(error);
      }
    }
    forms.push({ target, layerBytes, carriedBytes, absentLayers, packs, problems });
  }
  return forms;
}

/** As {@link readForms}; undefined when documents of an image are missing or damaged. */
export async function readFormsIfThere(
  medium: MountedMedium,
  statement: Statement,
  signal: AbortSignal,
): Promise<readonly TargetForm[] | undefined> {
  try {
    return await readForms(medium, statement, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof CodedError) return undefined;
    throw error;
  }
}

function bytesOf({ list, contents }: FoundPack): number {
  return list.size + sum(contents.map(({ size }) => size));
}

function sum(sizes: Iterable<number>): number {
  let total = 0;
  for (const size of sizes) total += size;
  return total;
}
