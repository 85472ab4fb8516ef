/**
 * Artifacts of ours in a layout (image-spec 1.1, manifest.md, "Guidelines for Artifact Usage"): an image manifest with
 * an artifact type, the empty config, and one layer. Formatting gives the same bytes each time; parsing is strict about
 * what we rely on and lets annotations be.
 */
import { digestOf } from "../oci/digest.ts";
import { type Descriptor, type ImageManifest, parseManifest } from "../oci/document.ts";
import { MEDIA_TYPE } from "../oci/media-type.ts";
import type { PinnedContent } from "../oci/verified-blob.ts";
import { ENVELOPE_MEDIA_TYPE } from "../trust/dsse.ts";
import { BundleError } from "./error.ts";
import {
  type PACK_ARTIFACT_TYPE,
  RELEASE_ARTIFACT_TYPE,
  ROOT_ARTIFACT_TYPE,
  TREE_ARTIFACT_TYPE,
} from "./media-type.ts";
import type { Statement, Tree } from "./statement.ts";

/** Content of the empty config that every artifact shares. */
export const EMPTY_CONFIG = Buffer.from("{}");

const EMPTY_CONFIG_DESCRIPTOR = {
  mediaType: MEDIA_TYPE.empty,
  digest: digestOf(EMPTY_CONFIG),
  size: EMPTY_CONFIG.length,
};

export type ArtifactType =
  | typeof RELEASE_ARTIFACT_TYPE
  | typeof ROOT_ARTIFACT_TYPE
  | typeof TREE_ARTIFACT_TYPE
  | typeof PACK_ARTIFACT_TYPE;

/** The manifest of a release: its layer is the envelope of the statement. */
export function formatReleaseManifest(envelope: PinnedContent, statement: Statement): Buffer {
  return formatManifest(RELEASE_ARTIFACT_TYPE, [{ mediaType: ENVELOPE_MEDIA_TYPE, ...pinOf(envelope) }], undefined, {
    "org.bootferry.release.name": statement.name,
    "org.bootferry.release.sequence": String(statement.sequence),
    "org.opencontainers.image.created": statement.createdAt,
    "org.opencontainers.image.version": statement.version,
  });
}

/** The manifest of a root document: its layer is the envelope. */
export function formatRootManifest(envelope: PinnedContent, version: number): Buffer {
  return formatManifest(ROOT_ARTIFACT_TYPE, [{ mediaType: ENVELOPE_MEDIA_TYPE, ...pinOf(envelope) }], undefined, {
    "org.bootferry.root.version": String(version),
  });
}

/**
 * The manifest of a composefs image, attached to the operating system image by `subject`. Nothing of ours reads it: it
 * keeps the blob reachable, so that other tools carry it along and do not sweep it away.
 */
export function formatTreeManifest(tree: Tree["image"], image: { readonly mediaType: string } & PinnedContent): Buffer {
  const subject = { mediaType: image.mediaType, ...pinOf(image) };
  return formatManifest(TREE_ARTIFACT_TYPE, [{ mediaType: tree.mediaType, ...pinOf(tree) }], subject, undefined);
}

/** Digest and size alone. */
export function pinOf({ digest, size }: PinnedContent): PinnedContent {
  return { digest, size };
}

/** The manifest of an artifact of ours, with the empty config. */
export function formatManifest(
  artifactType: ArtifactType,
  layers: readonly Descriptor[],
  subject: Descriptor | undefined,
  annotations: Readonly<Record<string, string>> | undefined,
): Buffer {
  const manifest = {
    schemaVersion: 2,
    mediaType: MEDIA_TYPE.manifest,
    artifactType,
    config: EMPTY_CONFIG_DESCRIPTOR,
    layers,
    subject,
    annotations,
  };
  return Buffer.from(JSON.stringify(manifest));
}

/** The artifact type of a manifest (image-spec 1.1: the config's media type where it has none of its own). */
export function artifactTypeOf(manifest: ImageManifest): string {
  return manifest.artifactType ?? manifest.config.mediaType;
}

/**
 * The layer of an artifact of ours.
 * @throws BundleError BUNDLE_ARTIFACT_INVALID; OciError OCI_JSON_…, OCI_DOCUMENT_INVALID
 */
export function parseEnvelopeArtifact(bytes: Uint8Array, artifactType: ArtifactType, what: string): Descriptor {
  const manifest = parseManifest(bytes, what);
  const type = artifactTypeOf(manifest);
  if (type !== artifactType) throw invalid(what, `artifact type: expected ${artifactType}, got ${type}`);
  const [layer, ...others] = manifest.layers;
  if (layer === undefined || others.length > 0)
    throw invalid(what, `expected one layer, got ${manifest.layers.length}`);
  if (layer.mediaType === ENVELOPE_MEDIA_TYPE) return layer;
  throw invalid(what, `layer type: expected ${ENVELOPE_MEDIA_TYPE}, got ${layer.mediaType}`);
}

function invalid(what: string, why: string): BundleError {
  return new BundleError("BUNDLE_ARTIFACT_INVALID", `${what} is not acceptable: ${why}`); // BF-5.3
}
