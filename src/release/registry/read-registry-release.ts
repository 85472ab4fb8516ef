/**
 * The release that a registry holds under a tag, as it stands there: the documents alone, in a scratch layout that is read as
 * any medium is. Bounded before anything is fetched; nothing is believed.
 */
import { writeFile } from "node:fs/promises";
import { artifactTypeOf, parseEnvelopeArtifact } from "../../bundle/artifact.ts";
import { RELEASE_ARTIFACT_TYPE, ROOT_ARTIFACT_TYPE } from "../../bundle/media-type.ts";
import { type MountedMedium, openMediumOver } from "../../bundle/medium.ts";
import { EMPTY_INDEX, formatIndex, MAX_INDEX_ENTRIES } from "../../bundle/medium-index.ts";
import { type CarriedRoot, listRoots } from "../../bundle/read-root.ts";
import { wholeTag } from "../../bundle/tag.ts";
import { CodedError } from "../../error.ts";
import { hostError } from "../../host/error.ts";
import { type Descriptor, MAX_DOCUMENT_BYTES, parseIndex, parseManifest } from "../../oci/document.ts";
import { openLayout } from "../../oci/layout.ts";
import { isManifestMediaType } from "../../oci/media-type.ts";
import { type AbsPath, below } from "../../path.ts";
import { MAX_ENVELOPE_BYTES } from "../../trust/dsse.ts";
import { ReleaseError } from "../error.ts";
import { type FoundRelease, findRelease, readReleases } from "../existing-releases.ts";
import { type Registry, readPinnedManifest } from "./registry.ts";
import { watchGrowth } from "./watch-growth.ts";

export interface RegistryRelease {
  readonly found: FoundRelease;
  readonly roots: readonly CarriedRoot[];
  /** The layout that the documents were fetched into. */
  readonly documents: MountedMedium;
}

/**
 * @param scratch an empty directory, of use for as long as what is returned
 * @throws ReleaseError RELEASE_REGISTRY_NOT_A_RELEASE, RELEASE_REGISTRY_UNKNOWN and as the registry does;
 *   BundleError, OciError, TrustError for a release that cannot be read
 */
export async function readRegistryRelease(
  registry: Registry,
  tag: string,
  scratch: AbsPath,
  signal: AbortSignal,
): Promise<RegistryRelease> {
  const artifacts: Descriptor[] = [];
  for (const entry of await readEntries(registry, tag)) {
    signal.throwIfAborted();
    if (!isManifestMediaType(entry.mediaType) || entry.platform !== undefined) continue; // an image
    const blobs = await readArtifactBlobs(registry, entry);
    if (blobs === undefined) continue;
    const fetch = (stop: AbortSignal) => registry.fetch(entry.digest, scratch, stop);
    await watchGrowth(scratch, blobs, fetch, { signal, onBytes: () => undefined });
    artifacts.push(entry);
  }
  await writeTopFile(scratch, formatIndex({ ...EMPTY_INDEX, manifests: artifacts }));
  const documents = openMediumOver(openLayout(scratch));
  const { releases, problems } = await readReleases(documents, signal);
  const [problem] = problems;
  if (releases.length === 0 && problem !== undefined) throw problem.error;
  if (releases.length === 0) throw notARelease(registry, wholeTag(tag), "it names no release");
  const found = findRelease(releases, undefined);
  return { found, roots: (await listRoots(documents, { signal })).roots, documents };
}

async function readEntries(registry: Registry, tag: string): Promise<readonly Descriptor[]> {
  const place = wholeTag(tag);
  const bytes = await registry.readManifest({ tag: place }).catch((error) => explainMissing(error, registry, tag));
  let entries: readonly Descriptor[];
  try {
    entries = parseIndex(bytes, `${registry.repository}:${place}`).manifests;
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    throw notARelease(registry, place, error.message, error);
  }
  if (entries.length <= MAX_INDEX_ENTRIES) return entries;
  throw notARelease(registry, place, `it has ${entries.length} entries, at most ${MAX_INDEX_ENTRIES} are read`);
}

/** Of a tag that is there, but was pushed by another tool, it would help nobody to hear that `TAG.release` is not. */
async function explainMissing(error: unknown, registry: Registry, tag: string): Promise<never> {
  if (error instanceof ReleaseError && error.code === "RELEASE_REGISTRY_UNKNOWN") {
    const isThere = await registry.readManifest({ tag }).then(
      () => true,
      () => false, // whatever is wrong with it, what was asked for is not there
    );
    if (isThere) throw notARelease(registry, tag, `there is no ${wholeTag(tag)} beside it`, error);
  }
  throw error;
}

/** What a release or a root consists of, undefined for anything else. Refuses documents that are too large before they are fetched. */
async function readArtifactBlobs(registry: Registry, entry: Descriptor): Promise<readonly Descriptor[] | undefined> {
  const what = `manifest ${entry.digest}`;
  const bytes = await readPinnedManifest(registry, entry);
  const manifest = parseManifest(bytes, what);
  const type = artifactTypeOf(manifest);
  if (type !== RELEASE_ARTIFACT_TYPE && type !== ROOT_ARTIFACT_TYPE) return undefined;
  const { config } = manifest;
  const envelope = parseEnvelopeArtifact(bytes, type, what);
  if (envelope.size <= MAX_ENVELOPE_BYTES && config.size <= MAX_DOCUMENT_BYTES) return [config, envelope];
  throw notARelease(registry, entry.digest, `its documents are too large: ${envelope.size} and ${config.size} bytes`);
}

function notARelease(registry: Registry, what: string, why: string, cause?: unknown): ReleaseError {
  const message = `${what} in ${registry.repository} is not a release: ${why}`;
  return new ReleaseError("RELEASE_REGISTRY_NOT_A_RELEASE", message, { cause });
}

async function writeTopFile(directory: AbsPath, index: Buffer): Promise<void> {
  try {
    await writeFile(below(directory, "index.json"), index);
  } catch (error) {
    throw hostError(error, `writing to ${directory}`);
  }
}
