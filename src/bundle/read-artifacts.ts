/** The artifacts of one type that hold an envelope: one bad entry of the index must not hide the good ones. */
import { CodedError } from "../error.ts";
import type { Digest } from "../oci/digest.ts";
import { type Descriptor, MAX_DOCUMENT_BYTES } from "../oci/document.ts";
import { readVerifiedBlob } from "../oci/verified-blob.ts";
import { MAX_ENVELOPE_BYTES } from "../trust/dsse.ts";
import { type ArtifactType, parseEnvelopeArtifact } from "./artifact.ts";
import type { MountedMedium } from "./medium.ts";
import { isOfType, MAX_ARTIFACT_MANIFEST_BYTES, type MediumProblem, readIndex } from "./read-index.ts";

export interface FoundArtifact {
  readonly manifestDigest: Digest;
  /** The DSSE envelope, its digest checked against the manifest. */
  readonly envelopeBytes: Buffer;
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
      if (!(await isOfType(medium.layout, entry, type))) continue;
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

async function readEnvelopeDescriptor(
  medium: MountedMedium,
  entry: Descriptor,
  type: ArtifactType,
): Promise<Descriptor> {
  const bytes = await readVerifiedBlob(medium.layout, entry, MAX_ARTIFACT_MANIFEST_BYTES);
  return parseEnvelopeArtifact(bytes, type, `manifest ${entry.digest}`);
}
