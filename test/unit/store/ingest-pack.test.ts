/** Object packs in place of layers: what they supply, when they are refused, and that nothing comes of hostile ones. */
import { readFileSync, truncateSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PACK_LAYER_BYTES } from "../../../src/bundle/pack-artifact.ts";
import { imageObjects } from "../../../src/composefs/image-objects.ts";
import { verityOf } from "../../../src/composefs/verity.ts";
import { digestOf } from "../../../src/oci/digest.ts";
import type { LayoutReader } from "../../../src/oci/layout.ts";
import { ingestRelease } from "../../../src/store/ingest.ts";
import type { ObjectStore } from "../../../src/store/object-store.ts";
import { readFileContent } from "../../../src/store/read-content.ts";
import { repairStore } from "../../../src/store/repair-store.ts";
import { lyingLayout, memoryLayout } from "../../support/lying-layout.ts";
import { indexOf, type PackFixture, type PackFixtureOptions, packFixture } from "../../support/pack-fixtures.ts";
import {
  codeOf,
  contentOf,
  type Files,
  inStaging,
  listing,
  MAX_BUFFERED_BYTES,
  noise,
  openTestStore,
  type ReleaseFixture,
  releaseFixture,
} from "./store-fixture.ts";

const SHELL = noise("sh", 9000);
const OLD: Files = { "usr/bin/sh": SHELL, "etc/motd": "welcome ".repeat(20), "etc/hostname": "kiosk\n" };
const LIBRARY = noise("libc", 20_000); // streamed
const APP = noise("app", 300);
const NEW: Files = { "usr/bin/sh": SHELL, "usr/lib/libc.so": LIBRARY, "opt/app": APP, "etc/hostname": "other\n" };
const CHANGED = [LIBRARY, APP];

const old = await releaseFixture([OLD]);
const wanted = await releaseFixture([NEW]);

const ingest = (store: ObjectStore, { release, target }: ReleaseFixture, medium: LayoutReader) =>
  ingestRelease(store, medium, release, target);

/** A store with the old release. */
async function withBase(): Promise<ObjectStore> {
  const store = await openTestStore();
  await ingest(store, old, old.medium);
  return store;
}

function pack(options: Partial<PackFixtureOptions> = {}): PackFixture {
  const base = { version: "42.3.0", tree: old.imageDigest };
  return packFixture({ subject: wanted.target.image, tree: wanted.imageDigest, files: CHANGED, base, ...options });
}

/** A medium with the new release, whose layers are left out unless asked for, and these packs. */
function medium(packs: readonly PackFixture[], withLayers = false): LayoutReader {
  const own = withLayers ? wanted.blobs : wanted.blobs.filter((blob) => !wanted.layerBlobs.includes(digestOf(blob)));
  const blobs = [...own, ...packs.flatMap((each) => each.blobs)];
  return memoryLayout(blobs, undefined, indexOf(packs.map(({ manifest }) => manifest)));
}

/** Shows that nothing came of it. */
async function expectRefused(from: LayoutReader): Promise<string | undefined> {
  const store = await withBase();
  const before = listing(store.directory);
  const code = await codeOf(() => ingest(store, wanted, from));
  expect(listing(store.directory)).toEqual(before);
  expect(inStaging(store)).toEqual([]);
  return code;
}

describe("a pack since what is on the device", () => {
  it("gives the store that the release in full gives", async () => {
    const [full, delta] = [await withBase(), await withBase()];
    await ingest(full, wanted, wanted.medium);
    const stored = await ingest(delta, wanted, medium([pack()]));
    expect(listing(delta.directory)).toEqual(listing(full.directory));
    expect(stored.writtenBytes).toBe(LIBRARY.length + APP.length + wanted.image.length);
    for (const content of CHANGED) expect(readFileContent(delta, contentOf(content))).toEqual(content);
  });

  it("is read once, and instead of layers that are there too", async () => {
    const only = pack();
    const counting = lyingLayout(medium([only], true));
    await ingest(await withBase(), wanted, counting);
    const read = [...only.blobs.filter((blob) => blob.length !== 2)].map((blob) => digestOf(blob));
    const all = [wanted.treeBlob, wanted.manifestBlob, wanted.configBlob, ...read];
    expect(counting.openings).toEqual(new Map(all.map((digest) => [digest, 1])));
  });

  it("is not looked for when nothing is missing", async () => {
    const store = await withBase();
    await ingest(store, wanted, medium([pack()]));
    const counting = lyingLayout(medium([]));
    await ingest(store, wanted, counting);
    expect(counting.openings.size).toBe(0);
  });

  it("is the one that holds all that is missing, of several", async () => {
    const small = pack({ files: [APP], base: { version: "42.3.9" } });
    const large = pack({ files: [...CHANGED, SHELL], base: { version: "1" } });
    const counting = lyingLayout(medium([small, large]));
    await ingest(await withBase(), wanted, counting);
    expect(counting.openings.has(digestOf(large.contents[0] ?? ""))).toBe(true);
    expect(counting.openings.has(digestOf(small.contents[0] ?? ""))).toBe(false);
  });

  it("is made up of several where none holds all", async () => {
    const [one, other] = [pack({ files: [APP] }), pack({ files: [LIBRARY] })];
    const store = await withBase();
    await ingest(store, wanted, medium([one, other]));
    expect(readFileContent(store, contentOf(LIBRARY))).toEqual(LIBRARY);
  });

  it("reports compressed bytes up to all of them", async () => {
    const only = pack();
    const done: number[] = [];
    const onProgress = ({ phase, bytesDone }: { phase: string; bytesDone: number }) =>
      phase === "reading" ? done.push(bytesDone) : undefined;
    await ingestRelease(await withBase(), medium([only]), wanted.release, wanted.target, { onProgress });
    expect(done.at(-1)).toBe(only.contents.reduce((sum, { length }) => sum + length, 0));
  });

  it("mends what has rotted, as far as it goes", async () => {
    const store = await withBase();
    await ingest(store, wanted, wanted.medium);
    const damaged = contentOf(APP);
    if (damaged.kind !== "object") throw new Error("an object was meant");
    truncateSync(store.objectFile(damaged.digest), 3);
    const repaired = await repairStore(store, medium([pack()]), wanted.target, [wanted.imageDigest]);
    expect(repaired.repairedObjects).toBe(1);
    expect(readFileContent(store, damaged)).toEqual(APP);
  });
});

describe("a pack of several layers (BF-10.5)", () => {
  const large = Buffer.alloc(PACK_LAYER_BYTES + 70_000, "large ");
  const files = [large, Buffer.alloc(PACK_LAYER_BYTES - 100, "almost "), noise("between", 5000), noise("beside", 300)];
  const named = Object.fromEntries(files.map((bytes, index) => [`f${index}`, bytes]));

  it("gives contents that begin in one layer and end in another", async () => {
    const release = await releaseFixture([named], { compression: "zstd", chunkBytes: 1 << 20 });
    const only = packFixture({ subject: release.target.image, tree: release.imageDigest, files });
    expect(only.contents.length).toBe(3);
    const own = release.blobs.filter((blob) => !release.layerBlobs.includes(digestOf(blob)));
    const store = await openTestStore();
    await ingest(store, release, memoryLayout([...own, ...only.blobs], 1 << 20, only.index));
    expect(store.listImages()).toEqual([release.imageDigest]);
    for (const digest of imageObjects(release.root).keys())
      expect(verityOf(readFileSync(store.objectFile(digest)))).toBe(digest);
  });

  it("is read only where something wanted is, so that what a run has published need not be read again", async () => {
    const release = await releaseFixture([named], { compression: "zstd", chunkBytes: 1 << 20 });
    const only = packFixture({ subject: release.target.image, tree: release.imageDigest, files });
    const own = release.blobs.filter((blob) => !release.layerBlobs.includes(digestOf(blob)));
    const limits = { maxBufferedBytes: MAX_BUFFERED_BYTES, publishBatchBytes: 1 };
    const store = await openTestStore(undefined, { limits });
    const lastContent = digestOf(only.contents[2] ?? "");
    const honest = memoryLayout([...own, ...only.blobs], 1 << 20, only.index);
    const torn = lyingLayout(honest, new Map([[lastContent, { kind: "io-error", afterChunks: 0 }]]));
    expect(await codeOf(() => ingest(store, release, torn))).toBe("OCI_BLOB_UNREADABLE");
    const sorted = files.map((bytes) => verityOf(bytes)).sort();
    expect([...store.listObjectNames()].sort()).toEqual(sorted.slice(0, 2)); // what ended in the layers before
    const again = lyingLayout(honest);
    await ingest(store, release, again);
    expect(store.listImages()).toEqual([release.imageDigest]);
    expect(only.contents.map((content) => again.openings.get(digestOf(content)))).toEqual([undefined, 1, 1]);
  });
});

describe("a pack on a device that lacks its base", () => {
  it("is refused before anything is written, and the base is named (BF-10.7)", async () => {
    const store = await openTestStore();
    await expect(ingest(store, wanted, medium([pack()]))).rejects.toMatchObject({
      code: "STORE_BASE_MISSING",
      message: expect.stringContaining("needs kiosk-os 42.3.0 (sequence 41) on this device"),
    });
    expect([...store.listObjects(), ...inStaging(store)]).toEqual([]);
  });

  it("is refused on a device whose base is damaged, and the damage is named", async () => {
    const store = await withBase();
    const shell = contentOf(SHELL);
    if (shell.kind !== "object") throw new Error("an object was meant");
    truncateSync(store.objectFile(shell.digest), 8999);
    await expect(ingest(store, wanted, medium([pack()]))).rejects.toMatchObject({
      code: "STORE_BASE_DAMAGED",
      message: expect.stringMatching(
        /its base kiosk-os 42\.3\.0 .* is on this device, but 1 file \(9000 bytes\) of it is damaged/,
      ),
    });
  });

  it("does not matter where the layers are there too", async () => {
    const store = await openTestStore();
    await ingest(store, wanted, medium([pack()], true));
    expect(store.listImages()).toEqual([wanted.imageDigest]);
  });

  it("does not matter where the device has from elsewhere what is left out", async () => {
    const store = await openTestStore();
    const third = await releaseFixture([{ "usr/bin/other-name": SHELL }]);
    await ingest(store, third, third.medium);
    await ingest(store, wanted, medium([pack()]));
    expect(store.listImages()).toContain(wanted.imageDigest);
  });
});

describe("a hostile pack", () => {
  const swap = (lines: readonly string[]) => [...lines.slice(0, 3), ...lines.slice(3).toReversed()];
  const twice = (lines: readonly string[]) => [...lines, lines.at(-1) ?? ""];
  const grown = (lines: readonly string[]) => [...lines, `${"f".repeat(64)} 99999999999`];
  it.each<[string, string, Partial<PackFixtureOptions>]>([
    ["has a list in the wrong order (BF-10.4)", "STORE_OBJECT_MISSING_FROM_MEDIUM", { changeLines: swap }],
    ["has an object twice (BF-10.4)", "STORE_OBJECT_MISSING_FROM_MEDIUM", { changeLines: twice }],
    ["is for another tree (BF-10.3)", "STORE_OBJECT_MISSING_FROM_MEDIUM", { tree: old.imageDigest }],
    ["asks for more layers than it has (BF-10.5)", "STORE_OBJECT_MISSING_FROM_MEDIUM", { changeLines: grown }],
    ["is truncated (BF-10.5)", "STORE_PACK_INVALID", { changeContent: (it) => it.subarray(0, -1) }],
    [
      "is a bomb (BF-10.5)",
      "OCI_LAYER_TOO_LARGE",
      { changeContent: (it) => Buffer.concat([it, Buffer.alloc(50 << 20)]) },
    ],
    [
      "holds something else by that name (BF-10.6)",
      "STORE_PACK_INVALID",
      { changeContent: (it) => it.map((byte) => byte ^ 1) as Buffer },
    ],
    [
      "holds its contents in another order (BF-10.6)",
      "STORE_PACK_INVALID",
      { changeContent: (it) => it.toReversed() as Buffer },
    ],
  ])("that %s leaves nothing, and the layers are taken where they are there (BF-10.9)", async (_, code, changes) => {
    const hostile = pack(changes);
    expect(await expectRefused(medium([hostile]))).toBe(code);
    const store = await withBase();
    await ingest(store, wanted, medium([hostile], true));
    expect(store.listImages()).toContain(wanted.imageDigest);
  });

  it("whose list is too large for the tree is not inflated (BF-10.5)", async () => {
    const sizes = Array.from({ length: 60 }, (_, index) => `${"f".repeat(62)}${String(10 + index)} ${2 ** 27}`);
    const hostile = pack({
      changeLines: (lines) => [...lines, ...sizes],
      changeManifest: (it) => {
        const [list, content] = it["layers"] as readonly unknown[];
        return { ...it, layers: [list, ...Array.from({ length: 61 }, () => content)] };
      },
    });
    const counting = lyingLayout(medium([hostile]));
    expect(await expectRefused(counting)).toBe("STORE_OBJECT_MISSING_FROM_MEDIUM");
    expect(counting.openings.has(digestOf(hostile.contents[0] ?? ""))).toBe(false);
  });

  it("whose list is longer than the tree could need is not read (BF-10.3)", async () => {
    const stranger = (_: unknown, index: number) => `${index.toString(16).padStart(64, "f")} 1`;
    const changeLines = (lines: readonly string[]) => [...lines, ...Array.from({ length: 2000 }, stranger).sort()];
    const changeContent = (content: Buffer) => Buffer.concat([content, Buffer.alloc(2000)]);
    const long = pack({ changeLines, changeContent });
    expect(await expectRefused(medium([long]))).toBe("STORE_OBJECT_MISSING_FROM_MEDIUM");
    const counting = lyingLayout(medium([long], true));
    await ingest(await withBase(), wanted, counting);
    expect(counting.openings.has(digestOf(long.list))).toBe(false);
  });

  it("cannot bring in what the tree does not name (BF-10.6)", async () => {
    const [honest, other] = [await withBase(), await withBase()];
    await ingest(honest, wanted, medium([pack()]));
    await ingest(other, wanted, medium([pack({ files: [...CHANGED, noise("intruder", 5000), noise("more", 90)] })]));
    expect(listing(other.directory)).toEqual(listing(honest.directory));
  });

  it("is blamed on the medium when its bytes are not those of its digest", async () => {
    const only = pack();
    const content = only.contents[0] ?? Buffer.alloc(0);
    for (const at of [0, content.length >> 1, content.length - 1]) {
      const lying = lyingLayout(medium([only]), new Map([[digestOf(content), { kind: "flipped-bit", at }]]));
      expect(await expectRefused(lying)).toBe("OCI_BLOB_DIGEST_MISMATCH");
    }
    const short = lyingLayout(medium([only]), new Map([[digestOf(content), { kind: "short", sizeBytes: 100 }]]));
    expect(await expectRefused(short)).toBe("OCI_BLOB_SIZE_MISMATCH");
  });
});

describe("random pairs of trees", () => {
  const content = fc.tuple(fc.nat(12), fc.constantFrom(10, 70, 500, MAX_BUFFERED_BYTES + 100));
  const files = fc.uniqueArray(content, { minLength: 1, maxLength: 12 });
  const filesOf = (list: readonly (readonly [number, number])[]): Files =>
    Object.fromEntries(list.map(([seed, size], index) => [`f${index}`, noise(String(seed), size)]));

  it("give by a pack the store that the layers give, and without the base a refusal or the same", async () => {
    await fc.assert(
      fc.asyncProperty(files, files, async (before, after) => {
        const [from, to] = [await releaseFixture([filesOf(before)]), await releaseFixture([filesOf(after)])];
        const known = new Set(Object.values(filesOf(before)).map((bytes) => digestOf(Buffer.from(bytes))));
        const changed = Object.values(filesOf(after)).filter(
          (bytes) => bytes.length > 64 && !known.has(digestOf(Buffer.from(bytes))),
        );
        const own = to.blobs.filter((blob) => !to.layerBlobs.includes(digestOf(blob)));
        const only = packFixture({
          subject: to.target.image,
          tree: to.imageDigest,
          files: changed,
          base: { tree: from.imageDigest },
        });
        const delta = memoryLayout([...own, ...only.blobs], undefined, only.index);
        const [full, packed, fresh] = [await openTestStore(), await openTestStore(), await openTestStore()];
        for (const store of [full, packed]) await ingest(store, from, from.medium);
        await ingest(full, to, to.medium);
        await ingest(packed, to, delta);
        expect(listing(packed.directory)).toEqual(listing(full.directory));
        const code = await codeOf(() => ingest(fresh, to, delta));
        if (code === undefined) expect(fresh.listImages()).toEqual([to.imageDigest]);
        else expect([code, [...fresh.listObjects()]]).toEqual(["STORE_BASE_MISSING", []]);
      }),
      { numRuns: 40 },
    );
  });
});
