import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { collectBlobs } from "../../../../src/deploy/bootc/gc.ts";
import {
  layoutDirectory,
  layoutReference,
  readTaggedImage,
  writeLayoutIndex,
} from "../../../../src/deploy/bootc/os-layout.ts";
import { letEverybodyReach } from "../../../../src/deploy/bootc/readable-layout.ts";
import { blobsDirectory, prepareLayout } from "../../../../src/deploy/local-layout.ts";
import { digestHex, digestOf } from "../../../../src/oci/digest.ts";
import { type AbsPath, below, parseAbsPath } from "../../../../src/path.ts";

const MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json";

describe("the layout that bootc reads", () => {
  let stateDirectory: AbsPath;
  let layout: AbsPath;
  let umask: number;
  beforeEach(() => {
    umask = process.umask(0o077); // what is for everybody must not depend on it
    stateDirectory = parseAbsPath(mkdtempSync(`${tmpdir()}/os-layout-`));
    layout = layoutDirectory({ stateDirectory });
  });
  afterEach(() => {
    process.umask(umask);
    rmSync(stateDirectory, { recursive: true });
  });

  const put = (content: string) => {
    writeFileSync(below(blobsDirectory(layout), digestHex(digestOf(content))), content);
    return { digest: digestOf(content), size: content.length };
  };
  const putImage = (config: string) => {
    const manifest = JSON.stringify({
      schemaVersion: 2,
      config: { mediaType: "application/vnd.oci.image.config.v1+json", ...put(config) },
      layers: [],
    });
    return { mediaType: MANIFEST_TYPE, ...put(manifest) };
  };

  it("has one name, which bootc's parsers all read alike", () => {
    expect(layoutReference({ stateDirectory: parseAbsPath("/var/lib/bootferry") })).toEqual({
      image: "/var/lib/bootferry/os:current",
      transport: "oci",
    });
    for (const path of ["/var/a:b", "/var/a@b"]) {
      expect(() => layoutReference({ stateDirectory: parseAbsPath(path) })).toThrow(
        expect.objectContaining({ code: "DEPLOY_LAYOUT_UNFIT" }),
      );
    }
  });

  it.each([
    ["amd64", { architecture: "amd64", os: "linux" }],
    ["arm/v7", { architecture: "arm", os: "linux", variant: "v7" }],
  ])("names one image by tag and platform: %s", (architecture, platform) => {
    prepareLayout(layout);
    const image = putImage("config");
    writeLayoutIndex(layout, image, architecture);
    expect(JSON.parse(readFileSync(below(layout, "index.json"), "utf8"))).toEqual({
      schemaVersion: 2,
      mediaType: "application/vnd.oci.image.index.v1+json",
      manifests: [{ ...image, platform, annotations: { "org.opencontainers.image.ref.name": "current" } }],
    });
    expect(readTaggedImage(layout)).toBe(image.digest);
    expect(readFileSync(below(layout, "oci-layout"), "utf8")).toBe('{"imageLayoutVersion":"1.0.0"}');
  });

  it("is written once for one image", () => {
    prepareLayout(layout);
    const image = putImage("config");
    writeLayoutIndex(layout, image, "amd64");
    const { ino } = statSync(below(layout, "index.json"));
    writeLayoutIndex(layout, image, "amd64");
    expect(statSync(below(layout, "index.json")).ino).toBe(ino);
  });

  it("can be read by everybody, whatever the umask", () => {
    prepareLayout(layout);
    writeLayoutIndex(layout, putImage("config"), "amd64");
    for (const directory of [layout, below(layout, "blobs"), blobsDirectory(layout)]) {
      expect(statSync(directory).mode & 0o777).toBe(0o755);
    }
    for (const file of ["index.json", "oci-layout"]) expect(statSync(below(layout, file)).mode & 0o777).toBe(0o644);
  });

  it("can be reached by everybody: our own directory is opened for passing, others are named", () => {
    letEverybodyReach(stateDirectory);
    expect(statSync(stateDirectory).mode & 0o777).toBe(0o701);
    const inner = below(stateDirectory, "closed", "inner");
    mkdirSync(inner, { recursive: true });
    chmodSync(below(stateDirectory, "closed"), 0o750);
    expect(() => letEverybodyReach(inner)).toThrow(
      expect.objectContaining({ code: "DEPLOY_LAYOUT_UNREADABLE", message: expect.stringContaining("/closed") }),
    );
  });

  it("names nothing where its index is torn, and is made anew", () => {
    prepareLayout(layout);
    writeFileSync(below(layout, "index.json"), '{"schemaVersion":2');
    expect(readTaggedImage(layout)).toBeUndefined();
    const image = putImage("config");
    writeLayoutIndex(layout, image, "amd64");
    expect(readTaggedImage(layout)).toBe(image.digest);
  });

  it("loses what an interrupted run left, and what its index does not name", async () => {
    prepareLayout(layout);
    const image = putImage("config");
    put("a layer of a release before");
    writeFileSync(below(blobsDirectory(layout), "half.tmp"), "half");
    writeLayoutIndex(layout, image, "amd64");
    prepareLayout(layout);
    expect(readdirSync(blobsDirectory(layout))).toHaveLength(3);
    expect(await collectBlobs(layout)).toEqual({ count: 1, bytes: "a layer of a release before".length });
    expect(await collectBlobs(layout)).toEqual({ count: 0, bytes: 0 });
    expect(readdirSync(blobsDirectory(layout))).toHaveLength(2);
  });

  it("keeps everything when a manifest cannot be read: what it names is not known", async () => {
    prepareLayout(layout);
    const image = putImage("config");
    writeLayoutIndex(layout, image, "amd64");
    writeFileSync(below(blobsDirectory(layout), digestHex(image.digest)), "x".repeat(image.size));
    await expect(collectBlobs(layout)).rejects.toMatchObject({ code: "OCI_BLOB_DIGEST_MISMATCH" });
    expect(readdirSync(blobsDirectory(layout))).toHaveLength(2);
  });
});
