/** Puts a signed statement onto a medium: manifests, envelope, and last of all the entries of index.json. */
import { EMPTY_CONFIG, formatReleaseManifest, formatTreeManifest } from "../bundle/artifact.ts";
import type { MediumWriter } from "../bundle/medium-writer.ts";
import type { Statement } from "../bundle/statement.ts";
import type { Digest } from "../oci/digest.ts";
import type { Descriptor } from "../oci/document.ts";
import { MEDIA_TYPE } from "../oci/media-type.ts";
import { ENVELOPE_MEDIA_TYPE, type Envelope, formatEnvelope } from "../trust/dsse.ts";
import type { FoundRelease } from "./existing-releases.ts";
import { imageEntries, releaseEntry, treeEntry } from "./index-entries.ts";

export interface PreparedContents {
  /** What index.json will say. */
  readonly entries: readonly Descriptor[];
  /** Blobs that were written for it beyond those of its images. */
  readonly documents: readonly Descriptor[];
}

export interface PreparedRelease extends PreparedContents {
  readonly manifestDigest: Digest;
}

/** Writes what holds the images and trees of a release in the index: nothing sweeps them, signed or not. */
export async function prepareContents(writer: MediumWriter, statement: Statement): Promise<PreparedContents> {
  const documents: Descriptor[] = [await writer.writeDocument(EMPTY_CONFIG, MEDIA_TYPE.empty)];
  const entries: Descriptor[] = [];
  for (const target of statement.targets) {
    entries.push(...imageEntries(statement, target));
    if (target.tree === null) continue;
    const tree = await writer.writeDocument(formatTreeManifest(target.tree.image, target.image), MEDIA_TYPE.manifest);
    documents.push(tree);
    entries.push(treeEntry(statement, target, tree));
  }
  return { entries, documents };
}

/** Writes the documents of a release whose images and trees are on the medium; {@link publishRelease} comes next. */
export async function prepareRelease(
  writer: MediumWriter,
  statement: Statement,
  envelope: Envelope,
): Promise<PreparedRelease> {
  const { entries, documents } = await prepareContents(writer, statement);
  const layer = await writer.writeDocument(formatEnvelope(envelope), ENVELOPE_MEDIA_TYPE);
  const manifest = await writer.writeDocument(formatReleaseManifest(layer, statement), MEDIA_TYPE.manifest);
  return {
    manifestDigest: manifest.digest,
    entries: [...entries, releaseEntry(statement, manifest)],
    documents: [...documents, layer, manifest],
  };
}

/**
 * Names the release in index.json, takes away what it replaces, and returns when all of it is on the medium.
 * @param replaced the same release with other signatures, if the medium has held one
 */
export async function publishRelease(
  writer: MediumWriter,
  { entries, manifestDigest }: PreparedRelease,
  replaced: FoundRelease | undefined,
): Promise<void> {
  await writer.publish(...entries);
  if (replaced !== undefined && replaced.release.manifestDigest !== manifestDigest) {
    await writer.unpublish(({ digest }) => digest === replaced.release.manifestDigest);
    await writer.collectGarbage();
  }
  await writer.sync();
}
