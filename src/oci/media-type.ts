/** Media types of the OCI image spec 1.1 (media-types.md) and of Docker's image manifest v2.2, which OCI maps one to one. */
import { OciError } from "./error.ts";

export const MEDIA_TYPE = {
  index: "application/vnd.oci.image.index.v1+json",
  manifest: "application/vnd.oci.image.manifest.v1+json",
  config: "application/vnd.oci.image.config.v1+json",
  empty: "application/vnd.oci.empty.v1+json",
} as const;

export type Compression = "none" | "gzip" | "zstd";

const LAYER_COMPRESSION: Readonly<Record<string, Compression>> = {
  "application/vnd.oci.image.layer.v1.tar": "none",
  "application/vnd.oci.image.layer.v1.tar+gzip": "gzip",
  "application/vnd.oci.image.layer.v1.tar+zstd": "zstd",
  "application/vnd.docker.image.rootfs.diff.tar": "none",
  "application/vnd.docker.image.rootfs.diff.tar.gzip": "gzip",
  "application/vnd.docker.image.rootfs.diff.tar.zstd": "zstd",
};

const INDEX_TYPES: readonly string[] = [MEDIA_TYPE.index, "application/vnd.docker.distribution.manifest.list.v2+json"];
export const MANIFEST_TYPES: readonly string[] = [
  MEDIA_TYPE.manifest,
  "application/vnd.docker.distribution.manifest.v2+json",
];

/** @throws OciError OCI_MEDIA_TYPE_UNKNOWN for a layer that is no tar, or compressed in another way */
export function layerCompression(mediaType: string): Compression {
  const compression = Object.hasOwn(LAYER_COMPRESSION, mediaType) ? LAYER_COMPRESSION[mediaType] : undefined;
  if (compression === undefined) throw new OciError("OCI_MEDIA_TYPE_UNKNOWN", `unknown layer media type ${mediaType}`);
  return compression;
}

export function isLayerMediaType(mediaType: string): boolean {
  return Object.hasOwn(LAYER_COMPRESSION, mediaType);
}

export function isIndexMediaType(mediaType: string): boolean {
  return INDEX_TYPES.includes(mediaType);
}

export function isManifestMediaType(mediaType: string): boolean {
  return MANIFEST_TYPES.includes(mediaType);
}
