import { describe, expect, it } from "vitest";
import { digestOf } from "../../../src/oci/digest.ts";
import { MAX_DOCUMENT_BYTES, parseConfig, parseIndex, parseManifest } from "../../../src/oci/document.ts";

const blob = { mediaType: "application/x", digest: digestOf(""), size: 0 };
const manifest = { schemaVersion: 2, config: blob, layers: [blob] };
const bytes = (value: unknown) => Buffer.from(JSON.stringify(value));

describe("documents of OCI", () => {
  it("keep members that we do not know, as the spec asks", () => {
    const annotated = {
      ...manifest,
      layers: [{ ...blob, urls: ["https://example.com"], "org.example": 1 }],
      extra: true,
    };
    expect(parseManifest(bytes(annotated))).toEqual(annotated);
    const index = {
      schemaVersion: 2,
      manifests: [{ ...blob, platform: { architecture: "arm", os: "linux", "os.features": ["x"] } }],
    };
    expect(parseIndex(bytes(index))).toEqual(index);
  });

  it("may leave out what the spec makes optional, and set labels to null as old tools do", () => {
    const config = { architecture: "amd64", os: "linux", rootfs: { type: "layers", diff_ids: [] } };
    for (const variation of [config, { ...config, config: null }, { ...config, config: { Labels: null } }]) {
      expect(parseConfig(bytes(variation))).toEqual(variation);
    }
  });

  it.each([
    ["a manifest of another schema", parseManifest, { ...manifest, schemaVersion: 1 }],
    ["a manifest without config", parseManifest, { schemaVersion: 2, layers: [] }],
    ["a size that is negative", parseManifest, { ...manifest, config: { ...blob, size: -1 } }],
    ["a size with a fraction", parseManifest, { ...manifest, config: { ...blob, size: 0.5 } }],
    ["a size beyond 2^53", parseManifest, { ...manifest, config: { ...blob, size: 2 ** 53 } }],
    ["a digest of another algorithm", parseManifest, { ...manifest, layers: [{ ...blob, digest: "md5:00" }] }],
    [
      "an annotation that is no text",
      parseIndex,
      { schemaVersion: 2, manifests: [{ ...blob, annotations: { a: 1 } }] },
    ],
    ["a list", parseIndex, []],
    ["a config without an architecture", parseConfig, { os: "linux", rootfs: { type: "layers", diff_ids: [] } }],
  ])("are refused when malformed: %s", (_, parse, value) => {
    expect(() => parse(bytes(value))).toThrow(expect.objectContaining({ code: "OCI_DOCUMENT_INVALID" }));
  });

  it("are refused beyond 4 MiB, and the message says where a small one is wrong", () => {
    const blank = Buffer.concat([bytes(manifest), Buffer.alloc(MAX_DOCUMENT_BYTES, " ")]);
    expect(() => parseManifest(blank)).toThrow(expect.objectContaining({ code: "OCI_JSON_TOO_LARGE" }));
    expect(() => parseManifest(bytes({ ...manifest, layers: [blob, 7] }), "manifest x")).toThrow(
      /^manifest x is malformed: layers\.1: /,
    );
  });
});
