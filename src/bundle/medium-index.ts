/** The index.json of a medium as its writer keeps it: pure edits, one order, foreign entries and members preserved. */
import type { Descriptor, ImageIndex } from "../oci/document.ts";
import { MEDIA_TYPE } from "../oci/media-type.ts";
import { BundleError } from "./error.ts";
import { REF_NAME } from "./tag.ts";

/** What readers bear (BF-1.6): each release takes three entries; a full medium of a large fleet has some hundreds. */
export const MAX_INDEX_ENTRIES = 1024;

export const EMPTY_INDEX: ImageIndex = { schemaVersion: 2, mediaType: MEDIA_TYPE.index, manifests: [] };

/**
 * Adds `entry`. A tag names one manifest: an older entry with the same tag keeps its place but loses the tag, as tags
 * move in a registry, because skopeo and bootc refuse a tag that stands twice.
 * @throws BundleError BUNDLE_INDEX_TOO_LONG when no reader would take the index any more
 */
export function addEntry(index: ImageIndex, entry: Descriptor): ImageIndex {
  const tag = tagOf(entry);
  const others = index.manifests.filter((other) => other.digest !== entry.digest || tagOf(other) !== tag);
  const untagged = others.map((other) => (tag !== undefined && tagOf(other) === tag ? withoutTag(other) : other));
  const isAnonymousTwin = (other: Descriptor) => other.digest === entry.digest && tagOf(other) === undefined;
  const manifests = [...untagged.filter((other) => !isAnonymousTwin(other)), entry];
  if (manifests.length > MAX_INDEX_ENTRIES) {
    throw new BundleError("BUNDLE_INDEX_TOO_LONG", `index.json would have over ${MAX_INDEX_ENTRIES} entries`);
  }
  return { ...index, manifests: manifests.toSorted(byTagAndDigest) };
}

export function removeEntries(index: ImageIndex, isObsolete: (entry: Descriptor) => boolean): ImageIndex {
  return { ...index, manifests: index.manifests.filter((entry) => !isObsolete(entry)) };
}

export function formatIndex(index: ImageIndex): Buffer {
  const { schemaVersion, mediaType = MEDIA_TYPE.index, manifests, ...rest } = index;
  return Buffer.from(JSON.stringify({ schemaVersion, mediaType, ...rest, manifests }));
}

export function tagOf(entry: Descriptor): string | undefined {
  return entry.annotations?.[REF_NAME];
}

function withoutTag(entry: Descriptor): Descriptor {
  const { [REF_NAME]: _, ...annotations } = entry.annotations ?? {};
  const { annotations: __, ...rest } = entry;
  return Object.keys(annotations).length === 0 ? rest : { ...rest, annotations };
}

/** Untagged entries last; the order says nothing, it only makes equal sets equal bytes. */
function byTagAndDigest(a: Descriptor, b: Descriptor): number {
  const left = `${tagOf(a) ?? "\uffff"} ${a.digest}`;
  const right = `${tagOf(b) ?? "\uffff"} ${b.digest}`;
  return left < right ? -1 : left > right ? 1 : 0;
}
