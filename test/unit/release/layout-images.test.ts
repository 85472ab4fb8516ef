import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openLayout } from "../../../src/oci/layout.ts";
import { parseAbsPath } from "../../../src/path.ts";
import { readLayoutImages } from "../../../src/release/layout-images.ts";
import { type FixtureImage, type FixtureTag, writeBlob, writeOciLayout } from "../../support/oci-fixtures.ts";

const IMAGE: FixtureImage = { layers: [{ entries: [{ name: "file", content: "x" }] }] };
const ARM: FixtureImage = { ...IMAGE, architecture: "arm64" };
const refusal = (code: string) => expect.objectContaining({ code });

describe("readLayoutImages", () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "release-"));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const read = async (tags: readonly FixtureTag[], tag?: string) => {
    await writeOciLayout(directory, tags);
    return readLayoutImages(openLayout(parseAbsPath(directory)), tag);
  };

  it.each([
    { what: "the only image without a tag", tags: [{ images: [IMAGE] }], tag: undefined, architectures: ["amd64"] },
    {
      what: "a tagged image among others",
      tags: [
        { tag: "a", images: [IMAGE] },
        { tag: "b", images: [ARM] },
      ],
      tag: "b",
      architectures: ["arm64"],
    },
    {
      what: "every platform of an index",
      tags: [{ tag: "a", images: [IMAGE, ARM] }],
      tag: undefined,
      architectures: ["amd64", "arm64"],
    },
  ])("finds $what", async ({ tags, tag, architectures }) => {
    const images = await read(tags, tag);
    expect(images.map(({ config }) => config.architecture)).toEqual(architectures);
  });

  it.each([
    { what: "an unknown tag", tags: [{ tag: "a", images: [IMAGE] }], tag: "b", code: "RELEASE_SOURCE_NO_IMAGE" },
    { what: "an empty layout", tags: [], tag: undefined, code: "RELEASE_SOURCE_NO_IMAGE" },
    {
      what: "several images and no tag",
      tags: [
        { tag: "a", images: [IMAGE] },
        { tag: "b", images: [ARM] },
      ],
      tag: undefined,
      code: "RELEASE_SOURCE_AMBIGUOUS",
    },
    {
      what: "an image for another system",
      tags: [{ images: [{ ...IMAGE, os: "windows" }] }],
      tag: undefined,
      code: "RELEASE_IMAGE_INCONSISTENT",
    },
    {
      what: "fewer diff_ids than layers",
      tags: [{ images: [{ ...IMAGE, diffIds: [] }] }],
      tag: undefined,
      code: "RELEASE_IMAGE_INCONSISTENT",
    },
  ])("refuses $what with $code", async ({ tags, tag, code }) => {
    await expect(read(tags, tag)).rejects.toThrow(refusal(code));
  });

  it("passes over the attestations that BuildKit puts into an index", async () => {
    await writeOciLayout(directory, [{ tag: "a", images: [IMAGE] }]);
    const indexFile = join(directory, "index.json");
    const index = JSON.parse(readFileSync(indexFile, "utf8"));
    const attestation = { ...index.manifests[0], platform: { architecture: "unknown", os: "unknown" } };
    writeFileSync(indexFile, JSON.stringify({ ...index, manifests: [...index.manifests, attestation] }));
    expect(await readLayoutImages(openLayout(parseAbsPath(directory)), "a")).toHaveLength(1);
  });

  it("refuses indexes nested without end", async () => {
    const [image] = await writeOciLayout(directory, [{ images: [IMAGE] }]);
    const INDEX = "application/vnd.oci.image.index.v1+json";
    const wrap = (entry: unknown) =>
      writeBlob(directory, INDEX, Buffer.from(JSON.stringify({ schemaVersion: 2, manifests: [entry] })));
    const nested = wrap(wrap(wrap(image)));
    writeFileSync(join(directory, "index.json"), JSON.stringify({ schemaVersion: 2, manifests: [nested] }));
    const reading = readLayoutImages(openLayout(parseAbsPath(directory)), undefined);
    await expect(reading).rejects.toThrow(refusal("RELEASE_IMAGE_INCONSISTENT"));
  });

  it("refuses a manifest that is not the one the index names", async () => {
    const [entry] = await writeOciLayout(directory, [{ images: [IMAGE] }]);
    const file = join(directory, "blobs", "sha256", entry?.digest.slice(7) ?? "");
    writeFileSync(file, readFileSync(file, "utf8").replace("gzip", "zstd"));
    const reading = readLayoutImages(openLayout(parseAbsPath(directory)), undefined);
    await expect(reading).rejects.toThrow(refusal("OCI_BLOB_DIGEST_MISMATCH"));
  });
});
