/**
 * Checks the packs of a release: that each content is what its name says, and, where the base is at hand, that a device
 * with the base gets everything that the tree names.
 */

import type { MountedMedium } from "../../bundle/medium.ts";
import { PACK_LAYER_BYTES } from "../../bundle/pack-artifact.ts";
import type { BaseName } from "../../composefs/object-list.ts";
import { VerityHasher } from "../../composefs/verity.ts";
import { CodedError } from "../../error.ts";
import { decompress } from "../../oci/decompress.ts";
import { OciError } from "../../oci/error.ts";
import type { LayoutReader } from "../../oci/layout.ts";
import { readVerifiedChunks } from "../../oci/verified-blob.ts";
import { ReleaseError } from "../error.ts";
import type { TargetForm, TargetPack } from "./read-forms.ts";
import { readTreeObjects, type TreeObjects } from "./read-tree.ts";

/** The objects of a base, or undefined where it is not at hand. */
export type OpenBase = (base: BaseName) => Promise<TreeObjects | undefined>;

export interface VerifyFormOptions {
  readonly signal: AbortSignal;
  readonly openBase?: OpenBase | undefined;
  /** So many bytes of packs more were read. */
  readonly onBytes?: (bytes: number) => void;
}

/**
 * @returns whether every pack was held against all of its bases
 * @throws ReleaseError RELEASE_DELTA_INVALID; OciError OCI_BLOB_MISSING for layers without a pack in their place
 */
export async function verifyForm(
  { layout }: MountedMedium,
  { target, absentLayers, packs, problems }: TargetForm,
  { signal, openBase, onBytes }: VerifyFormOptions,
): Promise<boolean> {
  const [problem] = problems;
  if (problem !== undefined) throw invalid(`a pack for ${target.compatible}`, problem);
  if (absentLayers > 0 && packs.length === 0) {
    const what = `${absentLayers} layers of image ${target.image.digest}`;
    throw new OciError("OCI_BLOB_MISSING", `${what} are not there, and no pack is in their place`);
  }
  if (packs.length === 0) return true;
  const tree = target.tree === null ? undefined : await readTreeObjects(layout, target.tree, signal);
  let wasCompared = true;
  for (const pack of packs) {
    try {
      await verifyContents(layout, pack, signal, onBytes);
      if (tree !== undefined) wasCompared = (await compareWithBases(tree, pack, openBase)) && wasCompared;
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof CodedError) || error instanceof ReleaseError) throw error;
      throw invalid(`pack ${pack.pack.manifestDigest}`, error);
    }
  }
  return wasCompared;
}

async function verifyContents(
  layout: LayoutReader,
  { pack, list }: TargetPack,
  signal: AbortSignal,
  onBytes: ((bytes: number) => void) | undefined,
): Promise<void> {
  const objects = list.objects.entries();
  const hasher = new VerityHasher();
  let current = objects.next().value;
  let length = 0;
  for (const content of pack.contents) {
    for await (const chunk of decompress(readVerifiedChunks(layout, content, signal), "zstd", PACK_LAYER_BYTES)) {
      for (let at = 0; at < chunk.length; ) {
        if (current === undefined) throw unlike(pack.manifestDigest, "it holds more than its list says");
        const [digest, sizeBytes] = current;
        const part = chunk.subarray(at, at + sizeBytes - length);
        hasher.update(part);
        at += part.length;
        length += part.length;
        if (length < sizeBytes) continue;
        if (hasher.digest() !== digest) throw unlike(pack.manifestDigest, `object ${digest} is something else`);
        current = objects.next().value;
        length = 0;
      }
    }
    onBytes?.(content.size);
  }
  if (current !== undefined) throw unlike(pack.manifestDigest, "it ends before its list does");
}

/** Whether all of them could be had. @throws ReleaseError RELEASE_DELTA_INVALID when a device with one would lack something */
async function compareWithBases(
  tree: TreeObjects,
  { pack, list }: TargetPack,
  openBase: OpenBase | undefined,
): Promise<boolean> {
  let hadAll = true;
  for (const base of list.bases) {
    const its = await openBase?.(base);
    if (its === undefined) hadAll = false;
    const lacking = [...tree.objects.keys()].filter((digest) => !list.objects.has(digest) && !its?.objects.has(digest));
    if (its === undefined || lacking.length === 0) continue;
    const what = `a device with ${base.name}@${base.version} would lack ${lacking.length} files`;
    throw unlike(pack.manifestDigest, what);
  }
  return hadAll;
}

function unlike(manifestDigest: string, why: string): ReleaseError {
  return new ReleaseError("RELEASE_DELTA_INVALID", `pack ${manifestDigest}: ${why}`);
}

function invalid(what: string, cause: CodedError): ReleaseError {
  return new ReleaseError("RELEASE_DELTA_INVALID", `${what} is no good: ${cause.message}`, { cause });
}
