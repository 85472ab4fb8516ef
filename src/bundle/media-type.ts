/** Media and artifact types of bootferry's own (bundle-format/spec.md, section 5). */
import type { Compression } from "../oci/media-type.ts";

export const STATEMENT_PAYLOAD_TYPE = "application/vnd.bootferry.release.v1+json";
export const RELEASE_ARTIFACT_TYPE = "application/vnd.bootferry.release.v1";
export const ROOT_ARTIFACT_TYPE = "application/vnd.bootferry.root.v1";
export const TREE_ARTIFACT_TYPE = "application/vnd.bootferry.tree.v1";
export const PACK_ARTIFACT_TYPE = "application/vnd.bootferry.objects.v1";

/** The parts of an object pack (section 10). */
export const PACK_LIST_MEDIA_TYPE = "application/vnd.bootferry.objects.list.v1";
export const PACK_CONTENT_MEDIA_TYPE = "application/vnd.bootferry.objects.content.v1+zstd";

/** Media types of a composefs image on a medium. */
export const TREE_IMAGE_MEDIA_TYPES = [
  "application/vnd.bootferry.composefs.v1",
  "application/vnd.bootferry.composefs.v1+gzip",
  "application/vnd.bootferry.composefs.v1+zstd",
] as const;

export type TreeImageMediaType = (typeof TREE_IMAGE_MEDIA_TYPES)[number];

/** How the image of that media type is compressed. */
export function treeImageCompression(mediaType: TreeImageMediaType): Compression {
  switch (mediaType) {
    case "application/vnd.bootferry.composefs.v1":
      return "none";
    case "application/vnd.bootferry.composefs.v1+gzip":
      return "gzip";
    case "application/vnd.bootferry.composefs.v1+zstd":
      return "zstd";
  }
}
