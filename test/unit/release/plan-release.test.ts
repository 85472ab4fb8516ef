import { describe, expect, it } from "vitest";
import type { Digest } from "../../../src/oci/digest.ts";
import type { LayoutReader } from "../../../src/oci/layout.ts";
import type { SourceImage } from "../../../src/release/layout-images.ts";
import { architectureOf, bootcWarnings, labelledVersion, planTargets } from "../../../src/release/plan-release.ts";

const VERSION = "org.opencontainers.image.version";
const refusal = (code: string) => expect.objectContaining({ code });

interface ImageFacts {
  readonly architecture?: string;
  readonly variant?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

function image({ architecture = "amd64", variant, labels = {}, annotations }: ImageFacts = {}): SourceImage {
  const descriptor = {
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    digest: `sha256:${architecture}` as Digest,
    size: 1,
  };
  return {
    reader: {} as LayoutReader, // planning reads nothing
    descriptor,
    manifest: {
      schemaVersion: 2,
      config: descriptor,
      layers: [],
      ...(annotations && { annotations: { ...annotations } }),
    },
    config: {
      architecture,
      os: "linux",
      ...(variant === undefined ? {} : { variant }),
      config: { Labels: { ...labels } },
      rootfs: { type: "layers", diff_ids: [] },
    },
  };
}

describe("planTargets", () => {
  it("is sorted, so that the order of arguments does not change the signed bytes", () => {
    const images = [image({ architecture: "arm64" }), image()];
    const plan = planTargets(
      [
        { compatible: "b", images },
        { compatible: "a", images },
      ],
      [],
    );
    const names = plan.map(({ compatible, architecture }) => `${compatible} ${architecture}`);
    expect(names).toEqual(["a amd64", "a arm64", "b amd64", "b arm64"]);
  });

  it("refuses an app that is not there for one of the architectures", () => {
    const apps = [{ name: "docker.io/acme/ui:7", images: [image()] }];
    const plan = () => planTargets([{ compatible: "a", images: [image({ architecture: "arm64" })] }], apps);
    expect(plan).toThrow(refusal("RELEASE_ARCHITECTURE_MISSING"));
  });
});

describe("architectureOf", () => {
  it.each([
    [{ architecture: "amd64" }, "amd64"],
    [{ architecture: "arm64", variant: "v8" }, "arm64"],
    [{ architecture: "arm", variant: "v7" }, "arm/v7"],
    [{ architecture: "arm", variant: "" }, "arm"],
  ])("writes %o as %s", (facts, expected) => {
    expect(architectureOf(image(facts).config)).toBe(expected);
  });
});

describe("labelledVersion", () => {
  it.each([
    { what: "the label", images: [image({ labels: { [VERSION]: "1" } })] },
    { what: "the annotation", images: [image({ annotations: { [VERSION]: "1" } })] },
    {
      what: "the label before the annotation",
      images: [image({ labels: { [VERSION]: "1" }, annotations: { [VERSION]: "2" } })],
    },
    {
      what: "what all images agree on",
      images: [image({ labels: { [VERSION]: "1" } }), image({ annotations: { [VERSION]: "1" } })],
    },
  ])("takes $what", ({ images }) => {
    expect(labelledVersion(images)).toBe("1");
  });

  it.each([
    { what: "there is none", images: [image()] },
    { what: "two differ", images: [image({ labels: { [VERSION]: "1" } }), image({ labels: { [VERSION]: "2" } })] },
    { what: "one has none", images: [image({ labels: { [VERSION]: "1" } }), image()] },
  ])("refuses when $what", ({ images }) => {
    expect(() => labelledVersion(images)).toThrow(refusal("RELEASE_VERSION_MISSING"));
  });
});

describe("bootcWarnings", () => {
  it.each([
    { labels: { "containers.bootc": "1", [VERSION]: "1" }, count: 0 },
    { labels: { "ostree.bootable": "true", [VERSION]: "1" }, count: 0 },
    { labels: { "containers.bootc": "1", [VERSION]: "2" }, count: 1 },
    { labels: {}, count: 2 },
  ])("finds $count thing(s) missing with the labels $labels", ({ labels, count }) => {
    expect(bootcWarnings(image({ labels }), "1")).toHaveLength(count);
  });
});
