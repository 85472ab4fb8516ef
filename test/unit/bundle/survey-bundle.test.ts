import {
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { surveyBundle } from "../../../src/bundle/survey-bundle.ts";
import { digestHex, digestOf } from "../../../src/oci/digest.ts";
import { type AbsPath, parseAbsPath } from "../../../src/path.ts";

const MANIFEST = "application/vnd.oci.image.manifest.v1+json";
const INDEX = "application/vnd.oci.image.index.v1+json";

const layer = Buffer.from("layer ".repeat(100));
const config = Buffer.from("{}");
const describeBlob = (bytes: Buffer, mediaType: string) => ({ mediaType, digest: digestOf(bytes), size: bytes.length });
const json = (value: unknown) => Buffer.from(JSON.stringify(value));
const manifest = json({
  ...{ schemaVersion: 2, mediaType: MANIFEST },
  config: describeBlob(config, "application/vnd.oci.image.config.v1+json"),
  layers: [describeBlob(layer, "application/vnd.oci.image.layer.v1.tar")],
});
const inner = json({ schemaVersion: 2, mediaType: INDEX, manifests: [describeBlob(manifest, MANIFEST)] });

/** A bundle whose index names an index that names a manifest. */
function bundle(): AbsPath {
  const directory = parseAbsPath(mkdtempSync(join(tmpdir(), "bootferry-spool-")));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const blobs = join(directory, "bootferry/blobs/sha256");
  mkdirSync(blobs, { recursive: true });
  for (const bytes of [layer, config, manifest, inner]) writeFileSync(join(blobs, digestHex(digestOf(bytes))), bytes);
  writeFileSync(join(directory, "bootferry/oci-layout"), '{"imageLayoutVersion":"1.0.0"}');
  writeFileSync(
    join(directory, "bootferry/index.json"),
    json({ schemaVersion: 2, manifests: [describeBlob(inner, INDEX)] }),
  );
  return directory;
}

const blobOf = (directory: string, bytes: Buffer) =>
  join(directory, "bootferry/blobs/sha256", digestHex(digestOf(bytes)));
const inBundle = (directory: string, name: string) => join(directory, "bootferry", name);

describe("a bundle", () => {
  it("is complete when all that its index names is there", async () => {
    expect(await surveyBundle(bundle())).toMatchObject({ kind: "complete" });
  });

  it.each<[string, (directory: string) => void, RegExp]>([
    ["no index yet", (it) => rmSync(inBundle(it, "index.json")), /index\.json is not there/],
    ["half an index", (it) => truncateSync(inBundle(it, "index.json"), 40), /index\.json/],
    ["no oci-layout yet", (it) => rmSync(inBundle(it, "oci-layout")), /oci-layout is not there/],
    ["an empty oci-layout", (it) => truncateSync(inBundle(it, "oci-layout"), 0), /oci-layout/],
    ["no inner index yet", (it) => rmSync(blobOf(it, inner)), /blob sha256:.* is not there/],
    ["no manifest yet", (it) => rmSync(blobOf(it, manifest)), /blob sha256:.* is not there/],
    ["no layer yet", (it) => rmSync(blobOf(it, layer)), /blob sha256:.* is not there/],
    ["half a layer", (it) => truncateSync(blobOf(it, layer), 300), /has 300 of 600 bytes/],
    ["a layer that is too long", (it) => appendFileSync(blobOf(it, layer), "more"), /has 604 of 600 bytes/],
    [
      "a manifest with its size and no bytes",
      (it) => writeFileSync(blobOf(it, manifest), Buffer.alloc(manifest.length)),
      /sha256:/,
    ],
    ["no blobs at all yet", (it) => rmSync(inBundle(it, "blobs"), { recursive: true }), /is not there/],
  ])("is not complete with %s", async (_, harm, why) => {
    const directory = bundle();
    harm(directory);
    expect(await surveyBundle(directory)).toEqual({ kind: "incomplete", why: expect.stringMatching(why) });
  });

  it.each<[string, (directory: string) => void]>([
    ["a directory without one", (it) => rmSync(join(it, "bootferry"), { recursive: true })],
    ["no directory", (it) => rmSync(it, { recursive: true })],
  ])("is absent in %s", async (_, harm) => {
    const directory = bundle();
    harm(directory);
    expect(await surveyBundle(directory)).toEqual({ kind: "absent" });
  });

  it("is never reached over a link", async () => {
    const directory = bundle();
    cpSync(inBundle(directory, ""), join(directory, "elsewhere"), { recursive: true });
    rmSync(join(directory, "bootferry"), { recursive: true });
    symlinkSync("elsewhere", join(directory, "bootferry"));
    expect(await surveyBundle(directory)).toMatchObject({
      kind: "incomplete",
      why: expect.stringMatching(/not a plain directory/),
    });
  });

  it.each<[string, (directory: string) => void]>([
    ["a blob is written to", (it) => utimesSync(blobOf(it, layer), 1, 1)],
    [
      "a blob is put in its place again",
      (it) => {
        rmSync(blobOf(it, layer));
        writeFileSync(blobOf(it, layer), layer);
      },
    ],
    ["a blob that nothing names grows", (it) => writeFileSync(join(it, "bootferry/blobs/sha256/part"), "more")],
    ["the index is written to", (it) => utimesSync(inBundle(it, "index.json"), 1, 1)],
  ])("has another fingerprint when %s", async (_, change) => {
    const directory = bundle();
    const before = await surveyBundle(directory);
    expect(await surveyBundle(directory)).toEqual(before);
    change(directory);
    const after = await surveyBundle(directory);
    expect(after).toMatchObject({ kind: "complete" });
    expect(after).not.toEqual(before);
  });

  it("has documents that are read, and blobs that are not", async () => {
    const directory = bundle();
    writeFileSync(blobOf(directory, layer), Buffer.alloc(layer.length)); // the digest tells when it is installed from
    expect(await surveyBundle(directory)).toMatchObject({ kind: "complete" });
    expect(readdirSync(inBundle(directory, "blobs/sha256")).length).toBe(4);
  });
});
