import { describe, expect, it } from "vitest";
import { requireBootcShape } from "../../../../src/deploy/bootc/bootc-shape.ts";
import { digestOf } from "../../../../src/oci/digest.ts";
import { type Descriptor, parseConfig } from "../../../../src/oci/document.ts";

const DIFF_ID = digestOf("layer");
const LAYER = { mediaType: "application/vnd.oci.image.layer.v1.tar", digest: DIFF_ID, size: 5 } satisfies Descriptor;

describe("an image that bootc deploys", () => {
  const check = (changes: object, layers = 2) => {
    const config = {
      architecture: "amd64",
      os: "linux",
      config: { Labels: { "containers.bootc": "1" } },
      rootfs: { type: "layers", diff_ids: [] },
      history: [{ created_by: "a" }, { created_by: "env", empty_layer: true }, { created_by: "b" }],
      ...changes,
    };
    const parsed = parseConfig(Buffer.from(JSON.stringify(config)));
    return () => requireBootcShape(digestOf("image"), { config: parsed, layers: Array(layers).fill(LAYER) });
  };
  const refused = expect.objectContaining({ code: "DEPLOY_IMAGE_NOT_BOOTC" });

  it.each([
    ["bootc's label", {}],
    ["ostree's label", { config: { Labels: { "ostree.bootable": "true" } } }],
    ["a history without empty layers", { history: [{}, {}] }],
    ["more history than layers", { history: [{}, {}, {}] }],
  ])("has %s", (_what, changes) => {
    expect(check(changes)).not.toThrow();
  });

  it.each([
    ["no labels", { config: null }],
    ["no label of either", { config: { Labels: { "org.example": "1" } } }],
    ["no history", { history: undefined }],
    ["a truncated history", { history: [{}, { empty_layer: true }] }],
    ["a history of another kind", { history: "none" }],
  ])("is refused with %s", (_what, changes) => {
    expect(check(changes)).toThrow(refused);
  });
});
