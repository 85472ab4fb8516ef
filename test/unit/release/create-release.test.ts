import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openMedium } from "../../../src/bundle/medium.ts";
import { verifyContents } from "../../../src/bundle/verify-contents.ts";
import { verifyRelease } from "../../../src/bundle/verify-release.ts";
import { createRelease } from "../../../src/release/create-release.ts";
import { findRelease, readReleases } from "../../../src/release/existing-releases.ts";
import { rehearseRelease } from "../../../src/release/rehearse-release.ts";
import type { ReleaseDraft } from "../../../src/release/release-draft.ts";
import { keySigner } from "../../../src/trust/signer.ts";
import { type FixtureEntry, type FixtureImage, miniatureRoot, writeOciLayout } from "../../support/oci-fixtures.ts";
import {
  fixtureDraft,
  fixturePorts,
  fixtureRoot,
  RELEASE_KEY,
  SECOND_KEY,
  STRANGER_KEY,
  writeFixtureImage,
} from "../../support/release-fixtures.ts";

const refusal = (code: string) => expect.objectContaining({ code });

describe("createRelease", () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "release-"));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const create = (changes: Partial<ReleaseDraft> = {}) =>
    createRelease(fixtureDraft(directory, changes), fixturePorts(directory));
  const blobs = () => readdirSync(join(directory, "stick", "bootferry", "blobs", "sha256")).toSorted();
  const releases = async () => (await readReleases(await openMedium(fixtureDraft(directory).destination))).releases;

  it("makes a release that a device with the root accepts, with every blob in place", async () => {
    await writeFixtureImage(directory);
    const root = await fixtureRoot();
    const created = await create({ root });
    expect(created.warnings).toEqual([]);
    const medium = await openMedium(fixtureDraft(directory).destination);
    const verified = verifyRelease(findRelease(await releases(), "kiosk-os@1.0.0").release, root);
    expect(verified.payloadDigest).toBe(created.payloadDigest);
    // manifest, config, two layers, the composefs image
    expect((await verifyContents(medium, verified)).blobs).toBe(5);
  });

  it.each(["none", "gzip", "zstd"] as const)(
    "names the same tree for layers compressed with %s",
    async (compression) => {
      const layers = [{ entries: miniatureRoot(), compression }];
      await writeOciLayout(join(directory, "image"), [{ images: [{ layers }] }]);
      const { statement } = await create();
      await writeOciLayout(join(directory, "plain"), [
        { images: [{ layers: [{ entries: miniatureRoot(), compression: "none" }] }] },
      ]);
      const plain = fixtureDraft(directory, {
        targets: [{ compatible: "kiosk", source: "oci:plain" }],
        version: "2",
        sequence: 2,
      });
      const rehearsed = await rehearseRelease(plain, fixturePorts(directory));
      expect(statement.targets[0]?.tree?.composefs).toBe(rehearsed.statement.targets[0]?.tree?.composefs);
    },
  );

  it("gives the same bytes for the same inputs", async () => {
    await writeFixtureImage(directory);
    await create();
    const first = new Map(
      blobs().map((name) => [name, readFileSync(join(directory, "stick/bootferry/blobs/sha256", name), "hex")]),
    );
    const index = readFileSync(join(directory, "stick/bootferry/index.json"), "utf8");
    rmSync(join(directory, "stick"), { recursive: true });
    await create();
    expect(blobs()).toEqual([...first.keys()]);
    expect(readFileSync(join(directory, "stick/bootferry/index.json"), "utf8")).toBe(index);
  });

  it("changes nothing when the same release is written again, and keeps a signature that was added meanwhile", async () => {
    await writeFixtureImage(directory);
    await create({ signers: [keySigner(SECOND_KEY)] });
    const before = blobs();
    const again = await create({ signers: [keySigner(SECOND_KEY)] });
    expect(blobs()).toEqual(before);
    const signed = await create({ signers: [keySigner(RELEASE_KEY)] });
    expect(signed.payloadDigest).toBe(again.payloadDigest);
    expect(new Set(signed.signedBy)).toEqual(new Set([RELEASE_KEY, SECOND_KEY].map((key) => key.publicKey.keyId)));
    expect(await releases()).toHaveLength(1);
  });

  it("shares the blobs of what several releases have in common", async () => {
    await writeFixtureImage(directory, "1", "one");
    await writeFixtureImage(directory, "2", "two");
    await create({ targets: [{ compatible: "kiosk", source: "oci:one" }] });
    const before = blobs().length;
    await create({ targets: [{ compatible: "kiosk", source: "oci:two" }], version: "2.0.0", sequence: "next" });
    // layer, config, manifest, composefs image and its artifact, envelope and its artifact: all but the base layer
    expect(blobs().length - before).toBe(7);
    expect((await releases()).map(({ statement }) => statement.sequence)).toEqual([1, 2]);
  });

  it("carries one image for several kinds of device, and one image for each architecture", async () => {
    const arm: FixtureImage = { architecture: "arm64", variant: "v8", layers: [{ entries: miniatureRoot() }] };
    const amd: FixtureImage = { layers: [{ entries: miniatureRoot() }] };
    await writeOciLayout(join(directory, "image"), [{ images: [amd, arm] }]);
    const targets = ["a", "b"].map((compatible) => ({ compatible, source: "oci:image" }));
    const { statement } = await create({ targets, architectures: { kind: "all" } });
    expect(statement.targets.map(({ compatible, architecture }) => `${compatible} ${architecture}`)).toEqual([
      "a amd64",
      "a arm64",
      "b amd64",
      "b arm64",
    ]);
  });

  it("takes version and apps from the images, each app for the architecture of its target", async () => {
    const labels = { "org.opencontainers.image.version": "7.1" };
    await writeOciLayout(join(directory, "image"), [{ images: [{ labels, layers: [{ entries: miniatureRoot() }] }] }]);
    await writeOciLayout(join(directory, "app"), [{ images: [{ layers: [{ entries: [{ name: "app" }] }] }] }]);
    const { statement } = await create({
      version: undefined,
      apps: [{ name: "docker.io/acme/ui:7", source: "oci:app" }],
    });
    expect(statement.version).toBe("7.1");
    expect(statement.targets[0]?.apps.map(({ name }) => name)).toEqual(["docker.io/acme/ui:7"]);
  });

  it("replaces a blob that rotted on the medium", async () => {
    await writeFixtureImage(directory, "1", "one");
    await writeFixtureImage(directory, "2", "two");
    await create({ targets: [{ compatible: "kiosk", source: "oci:one" }] });
    const shared = blobs().find((name) => existsSync(join(directory, "two/blobs/sha256", name)));
    const file = join(directory, "stick/bootferry/blobs/sha256", shared ?? "");
    const good = readFileSync(file);
    writeFileSync(file, Buffer.from(good).fill(0, 0, 1));
    await create({ targets: [{ compatible: "kiosk", source: "oci:two" }], version: "2", sequence: 2 });
    expect(readFileSync(file).equals(good)).toBe(true);
  });

  const image = (...entries: FixtureEntry[]): FixtureImage => ({ layers: [{ entries }] });
  const kernel = (version: string): FixtureEntry[] => [
    { name: `usr/lib/modules/${version}/`, type: "directory" },
    { name: `usr/lib/modules/${version}/vmlinuz`, content: "kernel" },
  ];

  it.each([
    { what: "an image without a kernel", images: [image({ name: "file" })], code: "RELEASE_NO_KERNEL" },
    {
      what: "an image with two kernels",
      images: [image({ name: "usr/lib/modules/", type: "directory" }, ...kernel("1"), ...kernel("2"))],
      code: "RELEASE_SEVERAL_KERNELS",
    },
    {
      what: "a layer that is not the one the config names",
      images: [{ ...image(...miniatureRoot()), diffIds: [`sha256:${"0".repeat(64)}`] }],
      code: "RELEASE_DIFF_ID_MISMATCH",
    },
    { what: "a name that leaves the tree", images: [image({ name: "../file" })], code: "TREE_NAME_PARENT" },
    {
      what: "several architectures without a choice",
      images: [image(...miniatureRoot()), { ...image(...miniatureRoot()), architecture: "arm64" }],
      code: "RELEASE_ARCHITECTURE_AMBIGUOUS",
    },
  ])("refuses $what with $code and leaves no blob behind", async ({ images, code }) => {
    await writeOciLayout(join(directory, "image"), [{ images }]);
    await expect(create()).rejects.toThrow(refusal(code));
    expect(existsSync(join(directory, "stick", "bootferry")) ? blobs() : []).toEqual([]);
  });

  it.each([
    { what: "no version anywhere", changes: { version: undefined }, code: "RELEASE_VERSION_MISSING" },
    { what: "a name that no device could follow", changes: { name: "Kiosk OS" }, code: "BUNDLE_STATEMENT_INVALID" },
    {
      what: "a sequence counted on from nothing",
      changes: { sequence: "next" as const },
      code: "RELEASE_SEQUENCE_UNKNOWN",
    },
    {
      what: "two images for one kind of device",
      changes: { targets: [0, 1].map(() => ({ compatible: "kiosk", source: "oci:image" })) },
      code: "RELEASE_TARGET_DUPLICATE",
    },
    {
      what: "an architecture that the image does not have",
      changes: { architectures: { kind: "named" as const, architectures: ["s390x"] } },
      code: "RELEASE_ARCHITECTURE_MISSING",
    },
  ])("refuses $what with $code", async ({ changes, code }) => {
    await writeFixtureImage(directory);
    await expect(create(changes)).rejects.toThrow(refusal(code));
    expect(existsSync(join(directory, "stick", "bootferry")) ? blobs() : []).toEqual([]);
  });

  it("refuses a key that may not sign releases before it reads anything", async () => {
    const signers = [keySigner(STRANGER_KEY)];
    const creating = create({
      signers,
      root: await fixtureRoot(),
      targets: [{ compatible: "kiosk", source: "oci:nowhere" }],
    });
    await expect(creating).rejects.toThrow(refusal("RELEASE_KEY_NOT_TRUSTED"));
  });

  it.each([
    { clash: "version", changes: { sequence: 2 } },
    { clash: "sequence", changes: { version: "2.0.0" } },
    {
      clash: "version, made in the same second of other images",
      changes: { sequence: 2, createdAt: "2026-06-01T12:00:00Z" },
    },
  ])("refuses another release with the same $clash and keeps the first", async ({ changes }) => {
    await writeFixtureImage(directory);
    await create();
    const before = blobs();
    await expect(create({ createdAt: "2026-06-02T12:00:00Z", ...changes })).rejects.toThrow(
      refusal("RELEASE_ALREADY_EXISTS"),
    );
    expect(blobs()).toEqual(before);
    expect(await releases()).toHaveLength(1);
  });

  it.each([0, 1, 3])("leaves nothing behind when it is stopped after %i chunks", async (chunks) => {
    await writeFixtureImage(directory);
    const stop = new AbortController();
    let seen = 0;
    const advance = () => {
      if (seen++ >= chunks) stop.abort();
    };
    const ports = {
      ...fixturePorts(directory, stop.signal),
      openProgress: () => ({ advance, [Symbol.dispose]: () => undefined }),
    };
    await expect(createRelease(fixtureDraft(directory), ports)).rejects.toThrow();
    expect(blobs()).toEqual([]);
    expect(await releases()).toEqual([]);
  });

  it("warns of what a bootc host would miss only when the release is for bootc hosts", async () => {
    await writeFixtureImage(directory);
    const { warnings, statement } = await create({ withTree: false });
    expect(warnings.join("\n")).toMatch(/containers\.bootc[\s\S]*image\.version/);
    expect(statement.targets[0]?.tree).toBeNull();
  });

  it("rehearses the very statement that it would sign, and writes nothing", async () => {
    await writeFixtureImage(directory);
    const rehearsed = await rehearseRelease(fixtureDraft(directory), fixturePorts(directory));
    expect(readdirSync(join(directory, "stick"))).toEqual([]);
    expect((await create()).payloadDigest).toBe(rehearsed.payloadDigest);
  });
});
