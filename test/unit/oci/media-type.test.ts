import { describe, expect, it } from "vitest";
import { isIndexMediaType, isManifestMediaType, layerCompression } from "../../../src/oci/media-type.ts";

describe("media types", () => {
  it.each([
    ["application/vnd.oci.image.layer.v1.tar", "none"],
    ["application/vnd.oci.image.layer.v1.tar+gzip", "gzip"],
    ["application/vnd.oci.image.layer.v1.tar+zstd", "zstd"],
    ["application/vnd.docker.image.rootfs.diff.tar.gzip", "gzip"],
  ])("say how a layer is compressed: %s", (mediaType, compression) => {
    expect(layerCompression(mediaType)).toBe(compression);
  });

  it.each([
    "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
    "application/vnd.oci.image.layer.v1.tar+gzip; charset=utf-8",
    "APPLICATION/VND.OCI.IMAGE.LAYER.V1.TAR",
    "toString",
    "",
  ])("are refused for a layer: %j", (mediaType) => {
    expect(() => layerCompression(mediaType)).toThrow(expect.objectContaining({ code: "OCI_MEDIA_TYPE_UNKNOWN" }));
  });

  it("tell manifests and indexes of OCI and of Docker", () => {
    expect(isManifestMediaType("application/vnd.oci.image.manifest.v1+json")).toBe(true);
    expect(isManifestMediaType("application/vnd.docker.distribution.manifest.v2+json")).toBe(true);
    expect(isManifestMediaType("application/vnd.oci.image.index.v1+json")).toBe(false);
    expect(isIndexMediaType("application/vnd.oci.image.index.v1+json")).toBe(true);
    expect(isIndexMediaType("application/vnd.docker.distribution.manifest.list.v2+json")).toBe(true);
    expect(isIndexMediaType("application/vnd.oci.image.manifest.v1+json")).toBe(false);
  });
});
