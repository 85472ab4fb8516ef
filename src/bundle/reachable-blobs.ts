/** Which blobs the index of a medium needs: what garbage collection must keep. */
import type { Digest } from "../oci/digest.ts";
import { type Descriptor, type ImageIndex, MAX_DOCUMENT_BYTES, parseIndex, parseManifest } from "../oci/document.ts";
import type { LayoutReader } from "../oci/layout.ts";
import { isIndexMediaType, isManifestMediaType } from "../oci/media-type.ts";
import { readVerifiedBlob } from "../oci/verified-blob.ts";

/**
 * Every blob that the index names, directly or through indexes and manifests. Blobs that are not there are passed over
 * (a delta medium leaves some out); a manifest that cannot be read is an error, since what it needs is not known.
 * @throws OciError
 */
export async function reachableBlobs(layout: LayoutReader, index: ImageIndex): Promise<ReadonlySet<Digest>> {
  const reached = new Set<Digest>();
  const queue: Descriptor[] = [...index.manifests];
  for (let entry = queue.pop(); entry !== undefined; entry = queue.pop()) {
    if (reached.has(entry.digest)) continue;
    reached.add(entry.digest);
    queue.push(...(await childrenOf(layout, entry)));
  }
  return reached;
}

/**
 * What an entry names: the entries of an index, config and layers of a manifest; nothing when it is not there.
 * @throws OciError
 */
export async function childrenOf(layout: LayoutReader, entry: Descriptor): Promise<readonly Descriptor[]> {
  const isIndex = isIndexMediaType(entry.mediaType);
  if (!isIndex && !isManifestMediaType(entry.mediaType)) return [];
  if ((await layout.blobSizeBytes(entry.digest)) === undefined) return [];
  const bytes = await readVerifiedBlob(layout, entry, MAX_DOCUMENT_BYTES);
  if (isIndex) return parseIndex(bytes, `index ${entry.digest}`).manifests;
  const { config, layers } = parseManifest(bytes, `manifest ${entry.digest}`);
  return [config, ...layers]; // not the subject: an artifact does not keep alive what it is attached to
}
