/**
 * Descriptors, manifests, indexes and configs (OCI image spec 1.1), as far as we read them.
 *
 * Foreign documents are parsed loosely (unknown members are allowed by the spec and kept), ours strictly elsewhere.
 */
import { z } from "zod";
import { DIGEST_PATTERN, type Digest } from "./digest.ts";
import { OciError } from "./error.ts";
import { describeIssue } from "./schema-issue.ts";
import { MAX_JSON_DEPTH, parseStrictJson } from "./strict-json.ts";

/** An index, manifest or config larger than this is refused: 4 MiB is also the limit of registries. */
export const MAX_DOCUMENT_BYTES = 4 << 20;

const digest = z.string().regex(DIGEST_PATTERN, "not a sha256 digest") as unknown as z.ZodType<Digest>;
const annotations = z.record(z.string(), z.string());
const platform = z.looseObject({ architecture: z.string(), os: z.string(), variant: z.string().optional() });

/** Content by type, digest and size (descriptor.md). `size` is in bytes, named by the spec. */
export const descriptorSchema = z.looseObject({
  mediaType: z.string(),
  digest,
  size: z.int().nonnegative(),
  annotations: annotations.optional(),
  platform: platform.optional(),
  artifactType: z.string().optional(),
});

const manifestSchema = z.looseObject({
  schemaVersion: z.literal(2),
  mediaType: z.string().optional(),
  artifactType: z.string().optional(),
  config: descriptorSchema,
  layers: z.array(descriptorSchema),
  annotations: annotations.optional(),
});

const indexSchema = z.looseObject({
  schemaVersion: z.literal(2),
  mediaType: z.string().optional(),
  manifests: z.array(descriptorSchema),
  annotations: annotations.optional(),
});

const configSchema = z.looseObject({
  architecture: z.string(),
  os: z.string(),
  variant: z.string().optional(),
  created: z.string().optional(),
  config: z.looseObject({ Labels: z.record(z.string(), z.string()).nullish() }).nullish(),
  rootfs: z.looseObject({ type: z.literal("layers"), diff_ids: z.array(digest) }),
});

export type Descriptor = Readonly<z.infer<typeof descriptorSchema>>;
export type ImageManifest = Readonly<z.infer<typeof manifestSchema>>;
export type ImageIndex = Readonly<z.infer<typeof indexSchema>>;
export type ImageConfig = Readonly<z.infer<typeof configSchema>>;

/** @throws OciError OCI_JSON_INVALID, OCI_DOCUMENT_INVALID */
export function parseManifest(bytes: Uint8Array, what = "image manifest"): ImageManifest {
  return parseDocument(manifestSchema, bytes, what);
}

/** @throws OciError OCI_JSON_INVALID, OCI_DOCUMENT_INVALID */
export function parseIndex(bytes: Uint8Array, what = "image index"): ImageIndex {
  return parseDocument(indexSchema, bytes, what);
}

/** @throws OciError OCI_JSON_INVALID, OCI_DOCUMENT_INVALID */
export function parseConfig(bytes: Uint8Array, what = "image config"): ImageConfig {
  return parseDocument(configSchema, bytes, what);
}

export function malformedDocument(what: string, error: z.ZodError): OciError {
  return new OciError("OCI_DOCUMENT_INVALID", `${what} is malformed: ${describeIssue(error)}`, { cause: error });
}

function parseDocument<T>(schema: z.ZodType<T>, bytes: Uint8Array, what: string): T {
  const json = parseStrictJson(bytes, what, { maxBytes: MAX_DOCUMENT_BYTES, maxDepth: MAX_JSON_DEPTH });
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  throw malformedDocument(what, result.error);
}
