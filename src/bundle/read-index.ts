/**
 * The index of a medium as a reader takes it. It is hostile and only a hint: it may list too much, too little or the wrong
 * thing, so it is bounded, and entries are judged by what they lead to.
 */
import { z } from "zod";
import type { CodedError } from "../error.ts";
import type { Digest } from "../oci/digest.ts";
import {
  type Descriptor,
  descriptorSchema,
  MAX_DOCUMENT_BYTES,
  malformedDocument,
  parseManifest,
} from "../oci/document.ts";
import type { LayoutReader } from "../oci/layout.ts";
import { isManifestMediaType } from "../oci/media-type.ts";
import { MAX_JSON_DEPTH, parseStrictJson } from "../oci/strict-json.ts";
import { readVerifiedBlob } from "../oci/verified-blob.ts";
import { type ArtifactType, artifactTypeOf } from "./artifact.ts";
import { BundleError } from "./error.ts";
import { MAX_INDEX_ENTRIES } from "./medium-index.ts";

export const MAX_ARTIFACT_MANIFEST_BYTES = 64 << 10; // those of releases and roots have one

/** An entry of the index that could not be read; the others can. */
export interface MediumProblem {
  /** As the index gives it, or the place of an entry that gives none. */
  readonly digest: string;
  readonly error: CodedError;
}

const indexSchema = z.looseObject({ schemaVersion: z.literal(2), manifests: z.array(z.unknown()) });

/**
 * The entries that can be read, each digest once, and what is wrong with the others.
 * @throws BundleError BUNDLE_INDEX_TOO_LONG; OciError for an index that cannot be read at all
 */
export function readIndex(bytes: Buffer): { entries: readonly Descriptor[]; problems: MediumProblem[] } {
  const json = parseStrictJson(bytes, "index.json", { maxBytes: MAX_DOCUMENT_BYTES, maxDepth: MAX_JSON_DEPTH });
  const index = indexSchema.safeParse(json);
  if (!index.success) throw malformedDocument("index.json", index.error);
  const { manifests } = index.data;
  // BF-1.6: bounded before anything that the index names is opened
  if (manifests.length > MAX_INDEX_ENTRIES) {
    const got = `${manifests.length} entries, at most ${MAX_INDEX_ENTRIES} are read`;
    throw new BundleError("BUNDLE_INDEX_TOO_LONG", `index.json has ${got}`);
  }
  const entries = new Map<Digest, Descriptor>();
  const problems: MediumProblem[] = [];
  for (const [place, value] of manifests.entries()) {
    const entry = descriptorSchema.safeParse(value);
    if (entry.success) entries.set(entry.data.digest, entry.data);
    else
      problems.push({
        digest: `entry ${place}`,
        error: malformedDocument(`entry ${place} of index.json`, entry.error),
      });
  }
  return { entries: [...entries.values()], problems };
}

/** An entry that names no artifact type (tools that copy layouts drop it) is judged by its manifest. */
export async function isOfType(layout: LayoutReader, entry: Descriptor, type: ArtifactType): Promise<boolean> {
  if (!isManifestMediaType(entry.mediaType)) return false;
  if (entry.artifactType !== undefined) return entry.artifactType === type;
  if (entry.platform !== undefined) return false; // an image: artifacts of ours have no platform
  const bytes = await readVerifiedBlob(layout, entry, MAX_DOCUMENT_BYTES);
  return artifactTypeOf(parseManifest(bytes, `manifest ${entry.digest}`)) === type;
}
