import { describe, expect, it } from "vitest";
import { formatPackManifest, MAX_PACK_LAYERS, parsePackManifest } from "../../../src/bundle/pack-artifact.ts";
import { MAX_ARTIFACT_MANIFEST_BYTES } from "../../../src/bundle/read-index.ts";
import { readPacks } from "../../../src/bundle/read-packs.ts";
import { digestOf } from "../../../src/oci/digest.ts";
import { memoryLayout } from "../../support/lying-layout.ts";
import { indexOf, packFixture } from "../../support/pack-fixtures.ts";

const subject = { mediaType: "application/vnd.oci.image.manifest.v1+json", digest: digestOf("image"), size: 5 };
const tree = `v1-sha256-12:${"a".repeat(64)}`;
const pack = (changeManifest?: (manifest: Record<string, unknown>) => unknown) =>
  packFixture({ subject, tree, files: ["x".repeat(100)], ...(changeManifest && { changeManifest }) });

describe("the manifest of an object pack", () => {
  it("comes back as it was written", () => {
    const pin = (text: string) => ({ digest: digestOf(text), size: text.length });
    const parts = { subject, list: pin("list"), contents: [pin("one"), pin("two")] };
    const { mediaType: _, ...pinnedSubject } = subject;
    const bytes = formatPackManifest(parts, { "org.bootferry.objects.bases": "kiosk-os@1" });
    expect(parsePackManifest(bytes, "it")).toEqual({ ...parts, subject: pinnedSubject });
    expect(formatPackManifest(parts, { "org.bootferry.objects.bases": "kiosk-os@1" })).toEqual(bytes);
  });

  it("fits the bound for artifacts with as many layers as a pack may have", () => {
    const pin = { digest: digestOf("content"), size: 2 ** 27 };
    const contents = Array.from({ length: MAX_PACK_LAYERS }, () => pin);
    const annotations = { "org.bootferry.objects.bases": "x".repeat(2000) };
    const bytes = formatPackManifest({ subject, list: pin, contents }, annotations);
    expect(bytes.length).toBeLessThan(MAX_ARTIFACT_MANIFEST_BYTES);
    expect(parsePackManifest(bytes, "it").contents.length).toBe(MAX_PACK_LAYERS);
  });

  type Layers = readonly Readonly<Record<string, unknown>>[];
  const layersOf = ({ layers }: Record<string, unknown>) => layers as Layers;
  it.each<[string, (manifest: Record<string, unknown>) => unknown]>([
    ["is of another type", (it) => ({ ...it, artifactType: "application/vnd.bootferry.tree.v1" })],
    ["has no subject", ({ subject: _, ...it }) => it],
    ["has no layers", (it) => ({ ...it, layers: [] })],
    ["has no list", (it) => ({ ...it, layers: layersOf(it).slice(1) })],
    ["has two lists", (it) => ({ ...it, layers: [...layersOf(it).slice(0, 1), ...layersOf(it)] })],
    ["has its list last", (it) => ({ ...it, layers: layersOf(it).toReversed() })],
    [
      "has a layer of a tar",
      (it) => ({
        ...it,
        layers: [...layersOf(it), { ...subject, mediaType: "application/vnd.oci.image.layer.v1.tar" }],
      }),
    ],
  ])("is refused when it %s (BF-10.1)", (_, change) => {
    const { manifest } = pack(change);
    expect(() => parsePackManifest(manifest, "it")).toThrow(
      expect.objectContaining({ code: "BUNDLE_ARTIFACT_INVALID" }),
    );
  });

  it("is refused with more layers than a pack may have (BF-10.2)", () => {
    const { manifest } = pack((it) => {
      const [list, content] = layersOf(it);
      return { ...it, layers: [list, ...Array.from({ length: MAX_PACK_LAYERS + 1 }, () => content)] };
    });
    expect(() => parsePackManifest(manifest, "it")).toThrow(
      expect.objectContaining({ code: "BUNDLE_ARTIFACT_INVALID" }),
    );
  });
});

describe("readPacks", () => {
  it("finds those of one image, and tells what is wrong with others", async () => {
    const good = pack();
    const other = packFixture({ subject: { ...subject, digest: digestOf("other") }, tree, files: [] });
    const bad = pack((it) => ({ ...it, layers: [] }));
    const blobs = [...good.blobs, ...other.blobs, ...bad.blobs];
    const layout = memoryLayout(
      blobs,
      undefined,
      indexOf([good.manifest, other.manifest, bad.manifest, Buffer.from("gone")]),
    );
    const found = await readPacks(layout, subject.digest);
    expect(found.packs.map(({ manifestDigest }) => manifestDigest)).toEqual([digestOf(good.manifest)]);
    expect(found.problems.map(({ error }) => error.code)).toEqual(["BUNDLE_ARTIFACT_INVALID", "OCI_BLOB_MISSING"]);
    expect((await readPacks(layout)).packs.length).toBe(2);
  });

  it("finds none where there is no index, and says so", async () => {
    const { packs, problems } = await readPacks(memoryLayout([]));
    expect([packs, problems.map(({ error }) => error.code)]).toEqual([[], ["OCI_LAYOUT_MISSING"]]);
  });
});
