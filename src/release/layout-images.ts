/**
 * The images of an OCI layout (image-spec 1.1): index.json, indexes nested in it, manifests and configs, all of them
 * verified against the descriptor that led there.
 */
import {
  type Descriptor,
  type ImageConfig,
  type ImageManifest,
  MAX_DOCUMENT_BYTES,
  parseConfig,
  parseIndex,
  parseManifest,
} from "../oci/document.ts";
import type { LayoutReader } from "../oci/layout.ts";
import { isIndexMediaType, isManifestMediaType, layerCompression } from "../oci/media-type.ts";
import { readVerifiedBlob } from "../oci/verified-blob.ts";
import { ReleaseError } from "./error.ts";

/** One image for one platform, as it stands in its source. */
export interface SourceImage {
  readonly reader: LayoutReader;
  /** Of the manifest: type, digest, size; its bytes are never changed. */
  readonly descriptor: Descriptor;
  readonly manifest: ImageManifest;
  readonly config: ImageConfig;
}

const TAG_ANNOTATION = "org.opencontainers.image.ref.name";
const MAX_INDEX_DEPTH = 3; // index.json, a multi-platform index, and one more that some builders wrap around it

/**
 * @param tag undefined takes the only image there is
 * @throws ReleaseError RELEASE_SOURCE_NO_IMAGE, RELEASE_SOURCE_AMBIGUOUS, RELEASE_IMAGE_INCONSISTENT; OciError
 */
export async function readLayoutImages(reader: LayoutReader, tag: string | undefined): Promise<readonly SourceImage[]> {
  const index = parseIndex(await reader.readTopFile("index.json", MAX_DOCUMENT_BYTES), `${reader.location}/index.json`);
  const entries = chooseEntries(index.manifests, tag, reader.location);
  const images: SourceImage[] = [];
  for (const descriptor of await flatten(reader, entries, MAX_INDEX_DEPTH)) {
    images.push(await readImage(reader, descriptor));
  }
  if (images.length === 0) throw noImage(reader.location, tag);
  return images;
}

function chooseEntries(entries: readonly Descriptor[], tag: string | undefined, where: string): readonly Descriptor[] {
  if (tag !== undefined) {
    const tagged = entries.filter((entry) => tagOf(entry) === tag);
    if (tagged.length === 0) throw noImage(where, tag);
    return tagged;
  }
  const names = new Set(entries.map((entry) => tagOf(entry) ?? entry.digest));
  if (names.size > 1) {
    throw new ReleaseError("RELEASE_SOURCE_AMBIGUOUS", `${where} holds several images: ${[...names].join(", ")}`);
  }
  return entries;
}

function tagOf(entry: Descriptor): string | undefined {
  return entry.annotations?.[TAG_ANNOTATION];
}

function noImage(where: string, tag: string | undefined): ReleaseError {
  const what = tag === undefined ? "no image" : `no image with the tag ${JSON.stringify(tag)}`;
  return new ReleaseError("RELEASE_SOURCE_NO_IMAGE", `${where} holds ${what}`);
}

async function flatten(
  reader: LayoutReader,
  entries: readonly Descriptor[],
  depth: number,
): Promise<readonly Descriptor[]> {
  const found: Descriptor[] = [];
  for (const entry of entries) {
    if (isManifestMediaType(entry.mediaType)) {
      // Attestations of BuildKit and other artifacts stand in the same index under the platform "unknown/unknown".
      if (entry.artifactType === undefined && entry.platform?.architecture !== "unknown") found.push(entry);
    } else if (isIndexMediaType(entry.mediaType)) {
      if (depth === 1) throw inconsistent(entry, `indexes are nested deeper than ${MAX_INDEX_DEPTH} levels`);
      const nested = parseIndex(await readVerifiedBlob(reader, entry, MAX_DOCUMENT_BYTES), `index ${entry.digest}`);
      found.push(...(await flatten(reader, nested.manifests, depth - 1)));
    }
  }
  return found;
}

async function readImage(reader: LayoutReader, descriptor: Descriptor): Promise<SourceImage> {
  const manifest = parseManifest(
    await readVerifiedBlob(reader, descriptor, MAX_DOCUMENT_BYTES),
    `manifest ${descriptor.digest}`,
  );
  for (const layer of manifest.layers) layerCompression(layer.mediaType);
  const config = parseConfig(
    await readVerifiedBlob(reader, manifest.config, MAX_DOCUMENT_BYTES),
    `config ${manifest.config.digest}`,
  );
  const { diff_ids: diffIds } = config.rootfs;
  if (diffIds.length !== manifest.layers.length) {
    throw inconsistent(descriptor, `${manifest.layers.length} layers, but ${diffIds.length} diff_ids in the config`);
  }
  if (config.os !== "linux") throw inconsistent(descriptor, `its os is ${JSON.stringify(config.os)}, expected "linux"`);
  const { platform } = descriptor;
  if (platform !== undefined && platform.architecture !== config.architecture) {
    throw inconsistent(
      descriptor,
      `its descriptor says architecture ${platform.architecture}, its config says ${config.architecture}`,
    );
  }
  return { reader, descriptor, manifest, config };
}

function inconsistent(descriptor: Descriptor, why: string): ReleaseError {
  return new ReleaseError("RELEASE_IMAGE_INCONSISTENT", `image ${descriptor.digest}: ${why}`);
}
