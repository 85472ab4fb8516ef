import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type BuiltImage, buildImage } from "../../../bundle-format/vectors/source/image.ts";
import { envelopeOf, rootEnvelope, SINGLE_ROOT, statementOf } from "../../../bundle-format/vectors/source/parts.ts";
import { formatRootManifest } from "../../../src/bundle/artifact.ts";
import { ROOT_ARTIFACT_TYPE } from "../../../src/bundle/media-type.ts";
import { openMedium } from "../../../src/bundle/medium.ts";
import { type MediumWriter, type MediumWriterOptions, openMediumWriter } from "../../../src/bundle/medium-writer.ts";
import { listReleases } from "../../../src/bundle/read-release.ts";
import { listRoots } from "../../../src/bundle/read-root.ts";
import { rootTag } from "../../../src/bundle/tag.ts";
import { verifyContents } from "../../../src/bundle/verify-contents.ts";
import { verifyRelease } from "../../../src/bundle/verify-release.ts";
import type { DiskSpace } from "../../../src/host/disk-space.ts";
import { execOnHost } from "../../../src/host/exec.ts";
import { digestHex, digestOf } from "../../../src/oci/digest.ts";
import type { Descriptor } from "../../../src/oci/document.ts";
import { MEDIA_TYPE } from "../../../src/oci/media-type.ts";
import { type AbsPath, below } from "../../../src/path.ts";
import { prepareRelease } from "../../../src/release/publish-release.ts";
import { ENVELOPE_MEDIA_TYPE, formatEnvelope, parseEnvelope } from "../../../src/trust/dsse.ts";
import { parseRoot } from "../../../src/trust/root.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

const LAYER = "application/vnd.oci.image.layer.v1.tar";
const hello = Buffer.from("hello, world\n");
const pinned = (bytes: Buffer) => ({ digest: digestOf(bytes), size: bytes.length });
const PLENTY: DiskSpace = { freeBytes: 1e12, totalBytes: 1e12, blockBytes: 4096, freeInodes: undefined, kind: "other" };

let stick: AbsPath;
beforeEach(() => {
  stick = temporaryDirectory();
});

const open = (options: Partial<MediumWriterOptions> = {}) => openMediumWriter(stick, { exec: execOnHost, ...options });
const blobFile = (bytes: Buffer) => below(stick, "bootferry", "blobs", "sha256", digestHex(digestOf(bytes)));
const blobNames = () => readdirSync(below(stick, "bootferry", "blobs", "sha256")).sort();

let image: BuiltImage;
let envelope: Buffer;
let root: Buffer;
beforeAll(async () => {
  image = await buildImage({ version: "42.3.1" });
  envelope = await envelopeOf(statementOf(image));
  root = await rootEnvelope(SINGLE_ROOT, ["root-a"]);
});

/** Writes a release as the workstation does; `step` is called between any two things that reach the medium. */
async function writeRelease(writer: MediumWriter, step: () => Promise<void> = async () => undefined): Promise<void> {
  const statement = statementOf(image);
  for (const blob of image.blobs) {
    await step();
    async function* chunks() {
      for (let at = 0; at < blob.length; at += 1000) {
        yield blob.subarray(at, at + 1000);
        await step();
      }
    }
    await writer.writeBlob(chunks(), pinned(blob));
  }
  const { entries } = await prepareRelease(writer, statement, parseEnvelope(envelope));
  await step();
  const rootLayer = await writer.writeDocument(root, ENVELOPE_MEDIA_TYPE);
  const rootManifest = await writer.writeDocument(formatRootManifest(rootLayer, 1), MEDIA_TYPE.manifest);
  const annotations = { "org.opencontainers.image.ref.name": rootTag(1) };
  await step();
  await writer.publish(...entries, { ...rootManifest, artifactType: ROOT_ARTIFACT_TYPE, annotations });
  await step();
}

describe("writing a medium", () => {
  it("makes a layout from which the release is read, verified and complete", async () => {
    {
      await using writer = await open();
      await writeRelease(writer);
      await writer.sync();
    }
    const medium = await openMedium(stick);
    const { releases, problems } = await listReleases(medium);
    expect(problems).toEqual([]);
    const [release] = releases;
    if (release === undefined) throw new Error("no release");
    await verifyContents(medium, verifyRelease(release, parseRoot(root)));
    const [carried] = (await listRoots(medium)).roots;
    expect(carried && formatEnvelope(carried.root.envelope)).toEqual(root);
    expect(readdirSync(below(stick, "bootferry")).sort()).toEqual(["blobs", "index.json", "oci-layout"]);
  });

  it("gives the same bytes for the same release", async () => {
    const content = () => readdirSync(stick, { recursive: true, encoding: "utf8" }).sort();
    await using first = await open();
    await writeRelease(first);
    const [names, index] = [content(), readFileSync(below(stick, "bootferry", "index.json"))];
    stick = temporaryDirectory();
    await using second = await open();
    await writeRelease(second);
    expect(content()).toEqual(names);
    expect(readFileSync(below(stick, "bootferry", "index.json"))).toEqual(index);
  });

  it("tags images and releases, and gives images their platform (BF-5.9, BF-5.4)", async () => {
    await using writer = await open();
    await writeRelease(writer);
    const tags = writer.index.manifests.map((entry) => [
      entry.annotations?.["org.opencontainers.image.ref.name"],
      entry.platform,
      entry.artifactType,
    ]);
    expect(tags).toEqual([
      ["kiosk-os-42.3.1-acme-kiosk-v2-amd64", { architecture: "amd64", os: "linux" }, undefined],
      ["kiosk-os-42.3.1-acme-kiosk-v2-amd64-tree", undefined, "application/vnd.bootferry.tree.v1"],
      ["kiosk-os-42.3.1.release", undefined, "application/vnd.bootferry.release.v1"],
      ["root-1", undefined, "application/vnd.bootferry.root.v1"],
    ]);
  });

  it("holds the old releases or the new ones when it is pulled out at any moment, and recovers (BF-1.10)", async () => {
    const trusted = parseRoot(root);
    const cuts: AbsPath[] = [];
    const step = async () => {
      const copy = temporaryDirectory();
      cpSync(stick, copy, { recursive: true });
      cuts.push(copy);
    };
    {
      await using writer = await open();
      await writeRelease(writer, step);
    }
    expect(cuts.length).toBeGreaterThan(15);
    const outcomes = new Set<number>();
    for (const cut of cuts) {
      const medium = await openMedium(cut);
      const { releases, problems } = await listReleases(medium);
      expect(problems).toEqual([]);
      for (const release of releases) await verifyContents(medium, verifyRelease(release, trusted));
      outcomes.add(releases.length);
      stick = cut;
      await using writer = await open();
      expect(blobNames().filter((name) => name.endsWith(".tmp"))).toEqual([]);
      await writeRelease(writer);
      expect((await listReleases(await openMedium(cut))).releases).toHaveLength(1);
    }
    expect(outcomes).toEqual(new Set([0, 1]));
  });

  it("is done by one writer at a time, and another may follow", async () => {
    {
      await using _ = await open();
      await expect(open()).rejects.toMatchObject({ code: "HOST_BUSY" });
    }
    await using writer = await open();
    expect(writer.index.manifests).toEqual([]);
  });
});

describe("writing a blob", () => {
  it("names it by its content", async () => {
    await using writer = await open();
    expect(await writer.writeBlob([hello.subarray(0, 5), hello.subarray(5)])).toEqual(pinned(hello));
    expect(readFileSync(blobFile(hello))).toEqual(hello);
  });

  it.each([
    ["other content", { ...pinned(hello), digest: digestOf("other") }, "OCI_BLOB_DIGEST_MISMATCH"],
    ["fewer bytes", { ...pinned(hello), size: hello.length + 1 }, "OCI_BLOB_SIZE_MISMATCH"],
    ["more bytes", { ...pinned(hello), size: hello.length - 1 }, "OCI_BLOB_SIZE_MISMATCH"],
  ])("leaves nothing when its source has %s than expected", async (_, expected, code) => {
    await using writer = await open();
    await expect(writer.writeBlob([hello], expected)).rejects.toMatchObject({ code });
    expect(blobNames()).toEqual([]);
  });

  it("leaves nothing when its source fails", async () => {
    await using writer = await open();
    async function* failing() {
      yield hello;
      throw new Error("the registry hung up");
    }
    await expect(writer.writeBlob(failing())).rejects.toThrow("the registry hung up");
    expect(blobNames()).toEqual([]);
  });

  it("goes on for several blobs at a time", async () => {
    await using writer = await open();
    const blobs = Array.from({ length: 8 }, (_, index) => Buffer.alloc(100_000, index));
    await Promise.all(blobs.map((blob) => writer.writeBlob([blob], pinned(blob))));
    for (const blob of blobs) expect(readFileSync(blobFile(blob))).toEqual(blob);
  });

  it("writes through no link that stands under a temporary name", async () => {
    await using writer = await open();
    const victim = below(stick, "victim");
    symlinkSync(victim, below(stick, "bootferry", "blobs", "sha256", "0.tmp"));
    await expect(writer.writeBlob([hello])).rejects.toMatchObject({ code: "HOST_EXISTS" });
    expect(existsSync(victim)).toBe(false);
  });
});

describe("using a blob again", () => {
  it("asks whether its content is still there, and not only its size", async () => {
    await using writer = await open();
    expect(await writer.hasBlob(pinned(hello))).toBe(false);
    await writer.writeBlob([hello]);
    expect(await writer.hasBlob(pinned(hello))).toBe(true);
    chmodSync(blobFile(hello), 0o644);
    writeFileSync(blobFile(hello), hello.toString().toUpperCase());
    expect(await writer.hasBlob(pinned(hello))).toBe(false);
    expect(await writer.hasBlob(pinned(hello), { trustContent: true })).toBe(true);
    truncateSync(blobFile(hello), 3);
    expect(await writer.hasBlob(pinned(hello), { trustContent: true })).toBe(false);
  });

  it("replaces a rotten one", async () => {
    await using writer = await open();
    await writer.writeDocument(hello, LAYER);
    writeFileSync(blobFile(hello), hello.toString().toUpperCase());
    expect(await writer.writeDocument(hello, LAYER)).toEqual({ mediaType: LAYER, ...pinned(hello) });
    expect(readFileSync(blobFile(hello))).toEqual(hello);
  });
});

describe("the room on a medium", () => {
  const gigabyte = 2 ** 30;
  const blobs = [
    { digest: digestOf("a"), size: 3 * gigabyte },
    { digest: digestOf("b"), size: 4 * gigabyte },
  ];

  it("is checked for all blobs before the first is written (BF-1.11)", async () => {
    const readSpace = () => ({ ...PLENTY, freeBytes: 7 * gigabyte });
    await using writer = await open({ readSpace });
    await expect(writer.checkRoom(blobs)).rejects.toMatchObject({ code: "BUNDLE_NO_SPACE", exitStatus: 5 });
    await expect(writer.checkRoom(blobs.slice(0, 1))).resolves.toBeUndefined();
    await expect(writer.checkRoom([...blobs.slice(0, 1), ...blobs.slice(0, 1)])).resolves.toBeUndefined();
  });

  it("leaves out what is there already", async () => {
    await using first = await open();
    await first.writeBlob([hello]);
    await first[Symbol.asyncDispose]();
    await using writer = await open({ readSpace: () => ({ ...PLENTY, freeBytes: (4 << 20) + 100 }) });
    await expect(writer.checkRoom([pinned(hello)])).resolves.toBeUndefined();
    await expect(writer.checkRoom([pinned(Buffer.from("other"))])).rejects.toMatchObject({ code: "BUNDLE_NO_SPACE" });
  });

  it("ends at 4 GiB for a file of FAT, and the error names exFAT", async () => {
    await using writer = await open({ readSpace: () => ({ ...PLENTY, kind: "vfat" }) });
    const refusal = { code: "BUNDLE_BLOB_TOO_LARGE_FOR_FAT", remedy: expect.stringContaining("exFAT") };
    await expect(writer.checkRoom(blobs)).rejects.toMatchObject(refusal);
    await expect(writer.checkRoom([{ digest: digestOf("c"), size: 4 * gigabyte - 1 }])).resolves.toBeUndefined();
    const large = { digest: digestOf("b"), size: 4 * gigabyte };
    await expect(writer.writeBlob([hello], large)).rejects.toMatchObject(refusal);
    expect(blobNames()).toEqual([]);
  });
});

describe("the index of a medium", () => {
  const entry = (name: string, tag?: string): Descriptor => ({
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    ...pinned(Buffer.from(name)),
    ...(tag === undefined ? {} : { annotations: { "org.opencontainers.image.ref.name": tag } }),
  });
  const tagsOf = (writer: MediumWriter) =>
    writer.index.manifests.map((it) => it.annotations?.["org.opencontainers.image.ref.name"]);

  it("moves a tag to the newest entry and keeps the older one (BF-1.12)", async () => {
    await using writer = await open();
    await writer.publish(entry("a", "one"), entry("b", "two"));
    await writer.publish(entry("c", "one"));
    expect(tagsOf(writer)).toEqual(["one", "two", undefined]);
    expect(writer.index.manifests[0]?.digest).toBe(digestOf("c"));
    expect(writer.index.manifests[2]?.digest).toBe(digestOf("a"));
    await writer.publish(entry("a", "one"));
    expect(writer.index.manifests).toHaveLength(3);
  });

  it("does not grow when the same is published again", async () => {
    await using writer = await open();
    for (let round = 0; round < 3; round++) await writer.publish(entry("a", "one"), entry("b"));
    expect(writer.index.manifests).toHaveLength(2);
  });

  it("forgets the entries that are unpublished", async () => {
    await using writer = await open();
    await writer.publish(entry("a", "one"), entry("a", "two"), entry("b", "three"));
    await writer.unpublish(({ digest }) => digest === digestOf("a"));
    expect(tagsOf(writer)).toEqual(["three"]);
  });

  it("keeps what other tools wrote there", async () => {
    await using first = await open();
    await first[Symbol.asyncDispose]();
    const foreign = { ...entry("x", "theirs"), urls: ["https://example.com/x"] };
    const index = { schemaVersion: 2, manifests: [foreign], annotations: { made: "by another tool" } };
    writeFileSync(below(stick, "bootferry", "index.json"), JSON.stringify(index));
    await using writer = await open();
    await writer.publish(entry("a", "ours"));
    const written = JSON.parse(readFileSync(below(stick, "bootferry", "index.json"), "utf8"));
    expect(written.annotations).toEqual(index.annotations);
    expect(written.manifests).toEqual([entry("a", "ours"), foreign]);
  });

  it("is not replaced when it cannot be read", async () => {
    await using first = await open();
    await first[Symbol.asyncDispose]();
    writeFileSync(below(stick, "bootferry", "index.json"), "{");
    await expect(open()).rejects.toMatchObject({ code: "OCI_JSON_INVALID" });
    expect(readFileSync(below(stick, "bootferry", "index.json"), "utf8")).toBe("{");
  });
});

describe("collecting garbage", () => {
  it("removes what no entry reaches, and nothing else", async () => {
    await using writer = await open();
    await writeRelease(writer);
    const needed = blobNames();
    await writer.writeBlob([hello]);
    writeFileSync(below(stick, "bootferry", "blobs", "sha256", "readme.txt"), "not ours");
    expect(await writer.collectGarbage()).toEqual({ blobs: 1, bytes: hello.length });
    expect(blobNames()).toEqual([...needed, "readme.txt"].sort());
  });

  it("removes everything of a release that was unpublished", async () => {
    await using writer = await open();
    await writeRelease(writer);
    await writer.unpublish(() => true);
    await writer.collectGarbage();
    expect(blobNames()).toEqual([]);
  });

  it("passes over blobs that are not there, as on a delta medium", async () => {
    await using writer = await open();
    await writeRelease(writer);
    const [layer] = image.layers;
    if (layer === undefined) throw new Error("a layer");
    rmSync(below(stick, "bootferry", "blobs", "sha256", digestHex(layer.digest)));
    expect(await writer.collectGarbage()).toEqual({ blobs: 0, bytes: 0 });
  });

  it("removes nothing when a manifest cannot be read, since it is not known what that needs", async () => {
    await using writer = await open();
    await writeRelease(writer);
    await writer.writeBlob([hello]);
    const manifest = below(stick, "bootferry", "blobs", "sha256", digestHex(image.manifest.digest));
    truncateSync(manifest, 10);
    const before = blobNames();
    await expect(writer.collectGarbage()).rejects.toMatchObject({ code: "OCI_BLOB_SIZE_MISMATCH" });
    expect(blobNames()).toEqual(before);
  });
});

describe("a prepared medium", () => {
  it.each([["bootferry"], ["bootferry/blobs"], ["bootferry/blobs/sha256"]])(
    "does not lead the writer elsewhere by a link in the place of %s (BF-1.3)",
    async (path) => {
      const elsewhere = temporaryDirectory();
      mkdirSync(below(stick, "bootferry", "blobs", "sha256"), { recursive: true });
      renameSync(below(stick, path), below(stick, "aside"));
      symlinkSync(elsewhere, below(stick, path));
      await expect(open()).rejects.toMatchObject({ code: "BUNDLE_MEDIUM_NOT_PLAIN" });
      expect(readdirSync(elsewhere)).toEqual([]);
    },
  );

  it("is not read through a link in the place of index.json", async () => {
    mkdirSync(below(stick, "bootferry"));
    symlinkSync("/etc/hostname", below(stick, "bootferry", "index.json"));
    await expect(open()).rejects.toMatchObject({ code: "OCI_NOT_A_REGULAR_FILE" });
  });

  it("that is not there is an error that names the place", async () => {
    stick = below(stick, "nowhere");
    await expect(open()).rejects.toMatchObject({ code: "HOST_NOT_FOUND", message: expect.stringContaining("nowhere") });
  });
});
