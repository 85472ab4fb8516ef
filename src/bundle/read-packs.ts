/**
 * The object packs that the index of a medium names. They are unsigned and extras: what is wrong with one of them is told,
 * and hides neither the others nor a release.
 */
import { CodedError } from "../error.ts";
import type { Digest } from "../oci/digest.ts";
import { MAX_DOCUMENT_BYTES } from "../oci/document.ts";
import type { LayoutReader } from "../oci/layout.ts";
import { readVerifiedBlob } from "../oci/verified-blob.ts";
import { PACK_ARTIFACT_TYPE } from "./media-type.ts";
import { type PackManifest, parsePackManifest } from "./pack-artifact.ts";
import { isOfType, MAX_ARTIFACT_MANIFEST_BYTES, type MediumProblem, readIndex } from "./read-index.ts";

export interface FoundPack extends PackManifest {
  readonly manifestDigest: Digest;
}

export interface PackList {
  readonly packs: readonly FoundPack[];
  readonly problems: readonly MediumProblem[];
}

/**
 * Every pack of the layout, or those for one image.
 * @param subject digest of the image's manifest
 * @throws the reason of the signal
 */
export async function readPacks(layout: LayoutReader, subject?: Digest, signal?: AbortSignal): Promise<PackList> {
  const packs: FoundPack[] = [];
  const problems: MediumProblem[] = [];
  const guarded = async (digest: string, act: () => Promise<void>) => {
    signal?.throwIfAborted();
    try {
      await act();
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof CodedError)) throw error;
      problems.push({ digest, error });
    }
  };
  await guarded("index.json", async () => {
    const { entries } = readIndex(await layout.readTopFile("index.json", MAX_DOCUMENT_BYTES));
    for (const entry of entries) {
      await guarded(entry.digest, async () => {
        if (!(await isOfType(layout, entry, PACK_ARTIFACT_TYPE))) return;
        const bytes = await readVerifiedBlob(layout, entry, MAX_ARTIFACT_MANIFEST_BYTES, signal);
        const pack = parsePackManifest(bytes, `manifest ${entry.digest}`);
        if (subject === undefined || pack.subject.digest === subject)
          packs.push({ ...pack, manifestDigest: entry.digest });
      });
    }
  });
  return { packs, problems };
}
