/** Puts a signed statement onto a medium: envelope, manifests, and last of all the entries of index.json. */
import { EMPTY_CONFIG, formatReleaseManifest, formatTreeManifest } from "../bundle/artifact.ts";
import type { MediumWriter } from "../bundle/medium-writer.ts";
import type { Statement } from "../bundle/statement.ts";
import type { Digest } from "../oci/digest.ts";
import type { Descriptor } from "../oci/document.ts";
import { MEDIA_TYPE } from "../oci/media-type.ts";
import { ENVELOPE_MEDIA_TYPE, type Envelope, formatEnvelope } from "../trust/dsse.ts";
import { imageEntries, releaseEntry, treeEntry } from "./index-entries.ts";

export interface PreparedRelease {
  readonly manifestDigest: Digest;
  /** What index.json will say. */
  readonly entries: readonly Descriptor[];
  /** Blobs that were written for it beyond those of its images. */
  readonly documents: readonly Descriptor[];
}

/** Writes the documents of a release whose images and trees are on the medium; {@link MediumWriter.publish} comes next. */
export async function prepareRelease(
  writer: MediumWriter,
  statement: Statement,
  envelope: Envelope,
): Promise<PreparedRelease> {
  const config = await writer.writeDocument(EMPTY_CONFIG, MEDIA_TYPE.empty);
  const layer = await writer.writeDocument(formatEnvelope(envelope), ENVELOPE_MEDIA_TYPE);
  const manifest = await writer.writeDocument(formatReleaseManifest(layer, statement), MEDIA_TYPE.manifest);
  const documents: Descriptor[] = [config, layer, manifest];
  const entries: Descriptor[] = [];
  for (const target of statement.targets) {
    entries.push(...imageEntries(statement, target));
    if (target.tree === null) continue;
    const tree = await writer.writeDocument(formatTreeManifest(target.tree.image, target.image), MEDIA_TYPE.manifest);
    documents.push(tree);
    entries.push(treeEntry(statement, target, tree));
  }
  entries.push(releaseEntry(statement, manifest));
  return { manifestDigest: manifest.digest, entries, documents };
}
