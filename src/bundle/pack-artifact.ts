/**
 * The manifest of an object pack: file contents for the tree of an image, in place of its layers (bundle-format/spec.md,
 * section 10). Its layers are the list of the objects and then their contents, its subject is the image.
 */
import { z } from "zod";
import { type Descriptor, descriptorSchema, MAX_DOCUMENT_BYTES } from "../oci/document.ts";
import { MAX_JSON_DEPTH, parseStrictJson } from "../oci/strict-json.ts";
import type { PinnedContent } from "../oci/verified-blob.ts";
import { formatManifest, pinOf } from "./artifact.ts";
import { BundleError } from "./error.ts";
import { PACK_ARTIFACT_TYPE, PACK_CONTENT_MEDIA_TYPE, PACK_LIST_MEDIA_TYPE } from "./media-type.ts";

/** Each content layer inflates to so many bytes, the last one to the rest: well below what FAT32 holds as one file. */
export const PACK_LAYER_BYTES = 1 << 27;
/** As many as the 64 KiB of an artifact's manifest hold: 40 GiB of contents. More changes are a case for the layers. */
export const MAX_PACK_LAYERS = 320;

export interface PackManifest {
  /** The image whose tree the objects belong to. */
  readonly subject: PinnedContent;
  readonly list: PinnedContent;
  readonly contents: readonly PinnedContent[];
}

/** @param annotations for people and other tools; nobody goes by them */
export function formatPackManifest(
  { subject, list, contents }: Omit<PackManifest, "subject"> & { readonly subject: Descriptor },
  annotations: Readonly<Record<string, string>>,
): Buffer {
  const layers = [
    { mediaType: PACK_LIST_MEDIA_TYPE, ...pinOf(list) },
    ...contents.map((content) => ({ mediaType: PACK_CONTENT_MEDIA_TYPE, ...pinOf(content) })),
  ];
  return formatManifest(PACK_ARTIFACT_TYPE, layers, { mediaType: subject.mediaType, ...pinOf(subject) }, annotations);
}

const packSchema = z.looseObject({
  schemaVersion: z.literal(2),
  artifactType: z.literal(PACK_ARTIFACT_TYPE),
  subject: descriptorSchema,
  layers: z
    .tuple([descriptorSchema.extend({ mediaType: z.literal(PACK_LIST_MEDIA_TYPE) })])
    .rest(descriptorSchema.extend({ mediaType: z.literal(PACK_CONTENT_MEDIA_TYPE) })),
});

/** @throws BundleError BUNDLE_ARTIFACT_INVALID; OciError OCI_JSON_… */
export function parsePackManifest(bytes: Uint8Array, what: string): PackManifest {
  const json = parseStrictJson(bytes, what, { maxBytes: MAX_DOCUMENT_BYTES, maxDepth: MAX_JSON_DEPTH });
  const parsed = packSchema.safeParse(json);
  if (!parsed.success) throw invalid(what, parsed.error.issues[0]?.message ?? "malformed", parsed.error); // BF-10.1
  const { subject, layers } = parsed.data;
  const [list, ...contents] = layers;
  if (contents.length > MAX_PACK_LAYERS) throw invalid(what, `it has ${contents.length} layers of contents`); // BF-10.2
  return { subject: pinOf(subject), list: pinOf(list), contents: contents.map(pinOf) };
}

function invalid(what: string, why: string, cause?: unknown): BundleError {
  return new BundleError("BUNDLE_ARTIFACT_INVALID", `${what} is no object pack: ${why}`, { cause });
}
