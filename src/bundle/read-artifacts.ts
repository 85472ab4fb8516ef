/**
 * Finding artifacts of one type in the index of a medium. The index is hostile and only a hint: it may list too much,
 * too little or the wrong thing, and one bad entry must not hide the good ones.
 */
import { z } from "zod";
import { CodedError } from "../error.ts";
import type { Digest } from "../oci/digest.ts";
import {
  type Descriptor,
  descriptorSchema,
  MAX_DOCUMENT_BYTES,
  malformedDocument,
  parseManifest,
} from "../oci/document.ts";
import { isManifestMediaType } from "../oci/media-type.ts";
import { MAX_JSON_DEPTH, parseStrictJson } from "../oci/strict-json.ts";
import { readVerifiedBlob } from "../oci/verified-blob.ts";
import { MAX_ENVELOPE_BYTES } from "../trust/dsse.ts";
import { type ArtifactType, artifactTypeOf, parseEnvelopeArtifact } from "./artifact.ts";
import { BundleError } from "./error.ts";
import type { MountedMedium } from "./medium.ts";
import { MAX_INDEX_ENTRIES } from "./medium-index.ts";

const MAX_ARTIFACT_MANIFEST_BYTES = 64 << 10; // ours have one

export interface FoundArtifact {
  readonly manifestDigest: Digest;
  /** The DSSE envelope, its digest checked against the manifest. */
  readonly envelopeBytes: Buffer;
}

/** An entry of the index that could not be read; the others can. */
export interface MediumProblem {
  /** As the index gives it, or the place of an entry that gives none. */
  readonly digest: string;
  readonly error: CodedError;
}

/**
 * The artifacts of `type` that the index of the medium names, in the order of the index. Each envelope is shown to `parse`
 * once: a manifest takes a hostile medium 300 bytes, but an envelope that it names again can take a third of a second to judge.
 * @throws BundleError BUNDLE_INDEX_TOO_LONG; OciError for an index that cannot be read at all; the reason of the signal
 */
export async function readArtifacts<T>(
  medium: MountedMedium,
  type: ArtifactType,
  parse: (found: FoundArtifact) => T,
  signal?: AbortSignal,
): Promise<{ readonly found: readonly T[]; readonly problems: readonly MediumProblem[] }> {
  const { entries, problems } = readIndex(await medium.layout.readTopFile("index.json", MAX_DOCUMENT_BYTES));
  const found: T[] = [];
  const judged = new Set<Digest>();
  for (const entry of entries) {
    signal?.throwIfAborted();
    try {
      if (!(await isOfType(medium, entry, type))) continue;
      const envelope = await readEnvelopeDescriptor(medium, entry, type);
      if (judged.has(envelope.digest)) continue;
      const envelopeBytes = await readVerifiedBlob(medium.layout, envelope, MAX_ENVELOPE_BYTES);
      judged.add(envelope.digest); // once read: a manifest that lies about its size must not hide the one that does not
      found.push(parse({ manifestDigest: entry.digest, envelopeBytes }));
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      problems.push({ digest: entry.digest, error }); // BF-1.7
    }
  }
  return { found, problems };
}

const indexSchema = z.looseObject({ schemaVersion: z.literal(2), manifests: z.array(z.unknown()) });

/** The entries that can be read, each digest once, and what is wrong with the others. */
function readIndex(bytes: Buffer): { entries: readonly Descriptor[]; problems: MediumProblem[] } {
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
async function isOfType(medium: MountedMedium, entry: Descriptor, type: ArtifactType): Promise<boolean> {
  if (!isManifestMediaType(entry.mediaType)) return false;
  if (entry.artifactType !== undefined) return entry.artifactType === type;
  if (entry.platform !== undefined) return false; // an image: artifacts of ours have no platform
  const bytes = await readVerifiedBlob(medium.layout, entry, MAX_DOCUMENT_BYTES);
  return artifactTypeOf(parseManifest(bytes, `manifest ${entry.digest}`)) === type;
}

async function readEnvelopeDescriptor(
  medium: MountedMedium,
  entry: Descriptor,
  type: ArtifactType,
): Promise<Descriptor> {
  const bytes = await readVerifiedBlob(medium.layout, entry, MAX_ARTIFACT_MANIFEST_BYTES);
  return parseEnvelopeArtifact(bytes, type, `manifest ${entry.digest}`);
}
