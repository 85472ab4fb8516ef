/**
 * Putting releases, roots and composefs images onto a medium as artifacts, and the index entries of images. Writes blobs
 * only; what is returned has to be published.
 */
import type { Descriptor } from "../oci/document.ts";
import { MEDIA_TYPE } from "../oci/media-type.ts";
import type { PinnedContent } from "../oci/verified-blob.ts";
import { ENVELOPE_MEDIA_TYPE, type Envelope, formatEnvelope } from "../trust/dsse.ts";
import { EMPTY_CONFIG, formatReleaseManifest, formatRootManifest, formatTreeManifest } from "./artifact.ts";
import { RELEASE_ARTIFACT_TYPE, ROOT_ARTIFACT_TYPE, TREE_ARTIFACT_TYPE } from "./media-type.ts";
import type { MediumWriter } from "./medium-writer.ts";
import { parseStatement, type Target, type Tree } from "./statement.ts";
import { imageTag, REF_NAME, releaseTag, rootTag } from "./tag.ts";

/** @returns the index entry. @throws as `parseStatement` and `MediumWriter.writeBlob` */
export async function writeReleaseArtifact(writer: MediumWriter, envelope: Envelope): Promise<Descriptor> {
  const statement = parseStatement(envelope.payload);
  const layer = await writer.writeDocument(formatEnvelope(envelope), ENVELOPE_MEDIA_TYPE);
  const manifest = await writeManifest(writer, formatReleaseManifest(layer, statement));
  return { ...manifest, artifactType: RELEASE_ARTIFACT_TYPE, annotations: { [REF_NAME]: releaseTag(statement) } };
}

/** @param envelopeBytes as received: a root travels byte for byte. @returns the index entry */
export async function writeRootArtifact(
  writer: MediumWriter,
  envelopeBytes: Uint8Array,
  version: number,
): Promise<Descriptor> {
  const layer = await writer.writeDocument(envelopeBytes, ENVELOPE_MEDIA_TYPE);
  const manifest = await writeManifest(writer, formatRootManifest(layer, version));
  return { ...manifest, artifactType: ROOT_ARTIFACT_TYPE, annotations: { [REF_NAME]: rootTag(version) } };
}

/** Attaches a composefs image, whose blob is written already, to its operating system image. @returns the index entry */
export async function writeTreeArtifact(
  writer: MediumWriter,
  tree: Tree["image"],
  image: { readonly mediaType: string } & PinnedContent,
): Promise<Descriptor> {
  const manifest = await writeManifest(writer, formatTreeManifest(tree, image));
  return { ...manifest, artifactType: TREE_ARTIFACT_TYPE }; // no tag: nobody asks for it by name
}

/**
 * The index entry of an operating system or app image: tagged, and with its platform, without which bootc and older
 * readers of layouts do not take it.
 */
export function imageEntry(
  image: Target["image"],
  release: { readonly name: string; readonly version: string },
  target: { readonly compatible: string; readonly architecture: string },
  suffix?: string,
): Descriptor {
  const { mediaType, digest, size } = image;
  const [architecture = "", variant] = target.architecture.split("/");
  const platform = { architecture, os: "linux", ...(variant === undefined ? {} : { variant }) };
  return { mediaType, digest, size, annotations: { [REF_NAME]: imageTag(release, target, suffix) }, platform };
}

async function writeManifest(writer: MediumWriter, manifest: Buffer): Promise<Descriptor> {
  await writer.writeDocument(EMPTY_CONFIG, MEDIA_TYPE.empty);
  return writer.writeDocument(manifest, MEDIA_TYPE.manifest);
}
