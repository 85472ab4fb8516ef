/** Media that are torn, worn or hostile: each ends with its own code, the store is as it was and staging is empty. */
import { gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { formatImageDigest } from "../../../src/composefs/image-digest.ts";
import { verityOf } from "../../../src/composefs/verity.ts";
import type { Digest } from "../../../src/oci/digest.ts";
import { ingestRelease } from "../../../src/store/ingest.ts";
import { type Lie, lyingLayout } from "../../support/lying-layout.ts";
import { buildTar, type FixtureEntry } from "../../support/oci-fixtures.ts";
import {
  codeOf,
  type Files,
  inStaging,
  listing,
  MAX_BUFFERED_BYTES,
  noise,
  openTestStore,
  type ReleaseFixture,
  type ReleaseFixtureOptions,
  releaseFixture,
} from "./store-fixture.ts";

const OLD: Files = { "usr/bin/sh": noise("sh", 9000) };
const NEW: readonly Files[] = [
  { "usr/bin/sh": noise("sh", 9000), "usr/lib/libc.so": noise("libc", 20_000) },
  { "opt/app": noise("app", MAX_BUFFERED_BYTES + 10_000) }, // streamed: a part is open when something goes wrong
];
const old = await releaseFixture([OLD]);
const wanted = await releaseFixture(NEW);

/** Ingests into a store that holds the old release, and shows that nothing came of it. */
async function expectRefused(fixture: ReleaseFixture, medium = fixture.medium): Promise<string | undefined> {
  const store = await openTestStore();
  await ingestRelease(store, old.medium, old.release, old.target);
  const before = listing(store.directory);
  const code = await codeOf(() => ingestRelease(store, medium, fixture.release, fixture.target));
  expect(listing(store.directory)).toEqual(before);
  expect(inStaging(store)).toEqual([]);
  return code;
}

describe("a medium whose blobs are not what they should be", () => {
  const blobs: readonly (readonly [string, Digest, number])[] = [
    ["tree image", wanted.treeBlob, wanted.blobs[0]?.length ?? 0],
    ["manifest", wanted.manifestBlob, wanted.blobs[1]?.length ?? 0],
    ["config", wanted.configBlob, wanted.blobs[2]?.length ?? 0],
    ["lower layer", wanted.layerBlobs[0] ?? wanted.treeBlob, wanted.blobs[3]?.length ?? 0],
    ["upper layer", wanted.layerBlobs[1] ?? wanted.treeBlob, wanted.blobs[4]?.length ?? 0],
  ];
  const lies: readonly (readonly [string, (sizeBytes: number) => Lie, string])[] = [
    ["has a bit flipped in its first byte", () => ({ kind: "flipped-bit", at: 0 }), "OCI_BLOB_DIGEST_MISMATCH"],
    ["has a bit flipped in its middle", (size) => ({ kind: "flipped-bit", at: size >> 1 }), "OCI_BLOB_DIGEST_MISMATCH"],
    [
      "has a bit flipped in its last byte",
      (size) => ({ kind: "flipped-bit", at: size - 1 }),
      "OCI_BLOB_DIGEST_MISMATCH",
    ],
    ["is one byte short", (size) => ({ kind: "short", sizeBytes: size - 1 }), "OCI_BLOB_SIZE_MISMATCH"],
    ["is half", (size) => ({ kind: "short", sizeBytes: size >> 1 }), "OCI_BLOB_SIZE_MISMATCH"],
    ["is empty", () => ({ kind: "short", sizeBytes: 0 }), "OCI_BLOB_SIZE_MISMATCH"],
    ["has a byte too many", () => ({ kind: "long", extra: Buffer.from("x") }), "OCI_BLOB_SIZE_MISMATCH"],
    ["has a megabyte too many", () => ({ kind: "long", extra: Buffer.alloc(1 << 20) }), "OCI_BLOB_SIZE_MISMATCH"],
    [
      "is another file",
      (size) => ({ kind: "other-bytes", bytes: noise("other", size), fromOpening: 1 }),
      "OCI_BLOB_DIGEST_MISMATCH",
    ],
    ["cannot be read at its beginning", () => ({ kind: "io-error", afterChunks: 0 }), "OCI_BLOB_UNREADABLE"],
  ];
  describe.each(blobs)("the %s", (name, digest, sizeBytes) => {
    it.each(lies)("%s", async (_, lie, code) => {
      const medium = lyingLayout(wanted.medium, new Map([[digest, lie(sizeBytes)]]));
      expect(await expectRefused(wanted, medium)).toBe(code);
    });

    it("is absent", async () => {
      const medium = lyingLayout(wanted.medium, new Map([[digest, { kind: "absent" }]]));
      const isLayer = name.endsWith("layer");
      expect(await expectRefused(wanted, medium)).toBe(
        isLayer ? "STORE_OBJECT_MISSING_FROM_MEDIUM" : "OCI_BLOB_MISSING",
      );
    });
  });

  it("a layer cannot be read in its middle", async () => {
    const upper = wanted.layerBlobs[1] ?? wanted.treeBlob;
    const medium = lyingLayout(wanted.medium, new Map([[upper, { kind: "io-error", afterChunks: 2 }]]));
    expect(await expectRefused(wanted, medium)).toBe("OCI_BLOB_UNREADABLE");
  });
});

describe("a layer whose digest is wrong", () => {
  const libc = noise("libc", 20_000);
  const cases: readonly (readonly [string, (size: number) => Lie, string])[] = [
    ["has a bit flipped", (size) => ({ kind: "flipped-bit", at: size - 1 }), "OCI_BLOB_DIGEST_MISMATCH"],
    ["is short", (size) => ({ kind: "short", sizeBytes: size - 1 }), "OCI_BLOB_SIZE_MISMATCH"],
    ["is long", () => ({ kind: "long", extra: Buffer.from("x") }), "OCI_BLOB_SIZE_MISMATCH"],
    ["cannot be read", (size) => ({ kind: "io-error", afterChunks: size >> 13 }), "OCI_BLOB_UNREADABLE"],
  ];
  it.each(cases)("is refused when it %s after the last object that is wanted", async (_, lie, code) => {
    const fixture = await releaseFixture([{ libc, hidden: noise("hidden", 500_000) }], { tree: { libc } });
    const layer = fixture.layerBlobs[0] ?? fixture.treeBlob;
    const medium = lyingLayout(fixture.medium, new Map([[layer, lie(fixture.blobs[3]?.length ?? 0)]]));
    expect(await expectRefused(fixture, medium)).toBe(code);
  });

  it("is blamed on the medium, although the archive makes no sense either", async () => {
    const fixture = await releaseFixture([{ libc, other: noise("other", 500_000) }], { compression: "none" });
    const layer = fixture.layerBlobs[0] ?? fixture.treeBlob;
    const medium = lyingLayout(fixture.medium, new Map([[layer, { kind: "flipped-bit", at: 0 }]]));
    expect(await expectRefused(fixture, medium)).toBe("OCI_BLOB_DIGEST_MISMATCH");
  });
});

const plainTar = await buildTar([{ name: "a", content: noise("a", 9000) }]);
const zeros = Buffer.alloc(200 << 20);
const small: Files = { "usr/lib/libc.so": noise("libc", 20_000) };

describe("a signed release that is wrong in itself", () => {
  const cases: readonly (readonly [string, ReleaseFixtureOptions, string])[] = [
    [
      "the signed digest is not that of the tree image",
      { composefs: formatImageDigest(verityOf(Buffer.from("other"))) },
      "STORE_TREE_MISMATCH",
    ],
    ["the signed size of the objects is wrong", { objectsSize: 20_001 }, "STORE_OBJECTS_SIZE_MISMATCH"],
    [
      "no layer holds what the tree names",
      { tree: { ...small, b: noise("b", 500) } },
      "STORE_OBJECT_MISSING_FROM_MEDIUM",
    ],
    [
      "an object is larger than any disk",
      { tree: { ...small, b: { kind: "object", digest: verityOf(noise("b", 99)), sizeBytes: 2 ** 42 } } },
      "STORE_NO_SPACE",
    ],
    ["the tree image is a bomb", { treeBytes: gzipSync(Buffer.alloc(1 << 20)) }, "OCI_LAYER_TOO_LARGE"],
    ["the tree image does not inflate", { treeBytes: noise("tree", 5000) }, "OCI_LAYER_CORRUPT"],
    ["a layer is a gzip bomb", { layerBytes: gzipSync(zeros), tree: small }, "OCI_LAYER_TOO_LARGE"],
    [
      "a layer is a zstd bomb",
      {
        layerBytes: zstdCompressSync(zeros),
        layerMediaType: "application/vnd.oci.image.layer.v1.tar+zstd",
        tree: small,
      },
      "OCI_LAYER_TOO_LARGE",
    ],
    ["a layer does not inflate", { layerBytes: noise("layer", 5000) }, "OCI_LAYER_CORRUPT"],
    ["a layer's stream ends early", { layerBytes: gzipSync(plainTar).subarray(0, -5) }, "OCI_LAYER_CORRUPT"],
    ["a layer is of an unknown media type", { layerMediaType: "application/x-rpm" }, "OCI_MEDIA_TYPE_UNKNOWN"],
  ];
  it.each(cases)("%s", async (_, options, code) => {
    const fixture = await releaseFixture([small], options);
    expect(await expectRefused(fixture)).toBe(code);
  });

  it("has no tree", async () => {
    const fixture = await releaseFixture([small]);
    const target = { ...fixture.target, tree: null };
    expect(await expectRefused({ ...fixture, target })).toBe("STORE_TREE_ABSENT");
  });

  // Whoever forgot to verify the release on the workstation learns it before a kernel that does not start
  it("has an image for another architecture (BF-5.7)", async () => {
    const fixture = await releaseFixture([small], { architecture: "arm64" });
    expect(await expectRefused(fixture)).toBe("BUNDLE_IMAGE_MISMATCH");
  });

  it("says that its manifest is too large to be one", async () => {
    const fixture = await releaseFixture([small]);
    const target = { ...fixture.target, image: { ...fixture.target.image, size: (4 << 20) + 1 } };
    expect(await expectRefused({ ...fixture, target })).toBe("OCI_BLOB_TOO_LARGE");
  });

  it("carries a bomb after the last object that is wanted: it is hashed, but not inflated", async () => {
    const packed = Buffer.concat([await buildTar([{ name: "a", content: noise("libc", 20_000) }]), zeros]);
    const fixture = await releaseFixture([small], { layerBytes: gzipSync(packed), tree: small });
    const store = await openTestStore();
    await ingestRelease(store, fixture.medium, fixture.release, fixture.target);
  });
});

describe("a layer whose archive is hostile", () => {
  const wantedLast = { name: "usr/lib/libc.so", content: noise("libc", 20_000) };
  const entries: readonly (readonly [string, FixtureEntry, string])[] = [
    ["a name that climbs out", { name: "../../etc/passwd", content: "x" }, "TREE_NAME_PARENT"],
    ["an absolute name", { name: "/etc/passwd", content: "x" }, "TREE_NAME_ABSOLUTE"],
    ["a name that climbs within", { name: "usr/../../etc/passwd", content: "x" }, "TREE_NAME_PARENT"],
  ];
  it.each(entries)("%s", async (_, entry, code) => {
    const layerBytes = gzipSync(await buildTar([entry, wantedLast]));
    const fixture = await releaseFixture([small], { layerBytes });
    expect(await expectRefused(fixture)).toBe(code);
  });

  it.each([
    ["links and devices, which are no content", { name: "sda", type: "block-device", major: 8, minor: 0 }],
    ["a link out of the tree", { name: "usr", type: "symlink", linkname: "../../../" }],
  ] as const)("is harmless with %s: only content is taken, by its digest", async (_, entry) => {
    const layerBytes = gzipSync(await buildTar([entry, wantedLast]));
    const fixture = await releaseFixture([small], { layerBytes });
    const store = await openTestStore();
    await ingestRelease(store, fixture.medium, fixture.release, fixture.target);
    expect([...store.listObjects()]).toHaveLength(1);
  });

  it("a header whose checksum is wrong", async () => {
    const tar = await buildTar([wantedLast]);
    tar.write("wrong", 148);
    expect(await expectRefused(await releaseFixture([small], { layerBytes: gzipSync(tar) }))).toMatch(/^TREE_/);
  });

  it("an archive that ends inside of a file", async () => {
    const tar = (await buildTar([wantedLast])).subarray(0, 5000);
    expect(await expectRefused(await releaseFixture([small], { layerBytes: gzipSync(tar) }))).toBe(
      "TREE_ARCHIVE_TRUNCATED",
    );
  });

  it("an archive that is none", async () => {
    expect(await expectRefused(await releaseFixture([small], { layerBytes: gzipSync(noise("x", 9000)) }))).toMatch(
      /^TREE_/,
    );
  });
});
