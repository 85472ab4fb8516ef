/**
 * One object for equal metadata: most files of an image differ from their neighbours in nothing but name and content, and
 * a tree of 300,000 files has a few thousand different owners, modes and times.
 */
import type { Metadata } from "./node.ts";

/** A hostile image could have a million owners at one time: the search stays short, the rest is not shared. */
const MAX_CANDIDATES = 32;

/** A function that gives back equal metadata that it has seen before; metadata with attributes is never shared. */
export function metadataPool(): (metadata: Metadata) => Metadata {
  const byTime = new Map<number, Metadata[]>();
  return (metadata) => {
    if (metadata.xattrs.size > 0) return metadata;
    const candidates = byTime.get(metadata.mtimeSeconds);
    if (candidates === undefined) {
      byTime.set(metadata.mtimeSeconds, [metadata]);
      return metadata;
    }
    const { mode, uid, gid } = metadata;
    for (const known of candidates) if (known.mode === mode && known.uid === uid && known.gid === gid) return known;
    if (candidates.length < MAX_CANDIDATES) candidates.push(metadata);
    return metadata;
  };
}
