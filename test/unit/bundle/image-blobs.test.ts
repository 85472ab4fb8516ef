import { describe, expect, it } from "vitest";
import { json, pin } from "../../../bundle-format/vectors/source/image.ts";
import { readImageBlobs } from "../../../src/bundle/image-blobs.ts";
import { digestOf } from "../../../src/oci/digest.ts";
import { memoryLayout } from "../../support/lying-layout.ts";

interface Draft {
  readonly layers?: number;
  readonly diffIds?: number;
  readonly architecture?: string;
  readonly os?: string;
}

function image({ layers = 2, diffIds = layers, architecture = "arm64", os = "linux" }: Draft = {}) {
  const diff_ids = Array.from({ length: diffIds }, (_, index) => digestOf(`diff ${index}`));
  const config = json({ architecture, os, rootfs: { type: "layers", diff_ids } });
  const layer = { mediaType: "application/vnd.oci.image.layer.v1.tar+zstd", digest: digestOf("layer"), size: 5 };
  const manifest = json({
    schemaVersion: 2,
    config: { mediaType: "application/vnd.oci.image.config.v1+json", ...pin(config) },
    layers: Array.from({ length: layers }, () => layer),
  });
  return { layout: memoryLayout([config, manifest]), pinned: pin(manifest) };
}

describe("the blobs of an image", () => {
  it("are named by its manifest and config, without reading layers", async () => {
    const { layout, pinned } = image();
    const blobs = await readImageBlobs(layout, pinned, "arm64/v8");
    expect(blobs.layers.map(({ digest }) => digest)).toEqual([digestOf("layer"), digestOf("layer")]);
    expect(blobs.config.architecture).toBe("arm64");
  });

  it.each<[string, Draft]>([
    ["another architecture", { architecture: "amd64" }],
    ["another system", { os: "windows" }],
    ["fewer diff ids than layers", { diffIds: 1 }],
    ["more diff ids than layers", { diffIds: 3 }],
    ["513 layers", { layers: 513 }],
  ])("are refused with %s (BF-5.7, BF-1.6)", async (_, draft) => {
    const { layout, pinned } = image(draft);
    await expect(readImageBlobs(layout, pinned, "arm64")).rejects.toMatchObject({ code: "BUNDLE_IMAGE_MISMATCH" });
  });
});
