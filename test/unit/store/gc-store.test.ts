import { rmSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { collectStoreGarbage } from "../../../src/store/gc-store.ts";
import { ingestRelease } from "../../../src/store/ingest.ts";
import { verifyStore } from "../../../src/store/verify-store.ts";
import { crashingDisk } from "./crashing-disk.ts";
import { codeOf, listing, noise, openTestStore, releaseFixture, scratchDirectory } from "./store-fixture.ts";

const shared = { "usr/lib/libc.so": noise("libc", 20_000) };
const a = await releaseFixture([{ ...shared, sh: noise("sh a", 5000) }]);
const b = await releaseFixture([{ ...shared, sh: noise("sh b", 6000) }]);

async function storeOfBoth(directory = scratchDirectory(), filesystem = crashingDisk(directory)) {
  const store = await openTestStore(directory, { filesystem });
  for (const { medium, release, target } of [a, b]) await ingestRelease(store, medium, release, target);
  return store;
}

describe("collectStoreGarbage", () => {
  it("removes what only other images name and keeps what is shared", async () => {
    const store = await storeOfBoth();
    expect(await collectStoreGarbage(store, [b.imageDigest])).toEqual({
      removedImages: [a.imageDigest],
      removedObjects: 1,
      removedBytes: a.image.length + 5000,
      keptObjects: 2,
    });
    const report = await verifyStore(store, [b.imageDigest]);
    expect([report.checkedObjects, report.missing.size, report.corrupt.size]).toEqual([2, 0, 0]);
  });

  it("changes nothing when all is kept", async () => {
    const store = await storeOfBoth();
    const before = listing(store.directory);
    const result = await collectStoreGarbage(store, [a.imageDigest, b.imageDigest]);
    expect(result).toMatchObject({ removedImages: [], removedObjects: 0, removedBytes: 0, keptObjects: 3 });
    expect(listing(store.directory)).toEqual(before);
  });

  it("empties the store when nothing is kept", async () => {
    const store = await storeOfBoth();
    await collectStoreGarbage(store, []);
    expect(listing(store.directory)).toEqual({});
  });

  it("collects objects that belong to no image, left by an interrupted run", async () => {
    const store = await storeOfBoth();
    rmSync(store.imageFile(a.imageDigest));
    expect(await collectStoreGarbage(store, [b.imageDigest])).toMatchObject({ removedObjects: 1, removedImages: [] });
  });

  it("removes images durably before it touches their objects", async () => {
    const directory = scratchDirectory();
    const disk = crashingDisk(directory);
    const store = await storeOfBoth(directory, disk);
    disk.powerCut("killed");
    await collectStoreGarbage(store, []);
    const kinds = disk.steps.map((step) => (step.endsWith(".cfs") ? "image" : step.split(" ")[0]));
    expect(kinds).toEqual(["image", "image", "sync", "remove", "remove", "remove", "remove", "sync"]);
  });

  it("refuses while something is being stored", async () => {
    const store = await storeOfBoth();
    await using _writer = await store.filesystem.lock();
    expect(await codeOf(() => collectStoreGarbage(store, []))).toBe("HOST_BUSY");
  });

  it.each([
    ["is missing", "STORE_IMAGE_MISSING", (path: string) => rmSync(path)],
    ["is corrupt", "STORE_IMAGE_CORRUPT", (path: string) => writeFileSync(path, "rotten")],
  ])("removes nothing when an image that is to be kept %s", async (_, code, spoil) => {
    const store = await storeOfBoth();
    spoil(store.imageFile(b.imageDigest));
    const before = listing(store.directory);
    expect(await codeOf(() => collectStoreGarbage(store, [a.imageDigest, b.imageDigest]))).toBe(code);
    expect(listing(store.directory)).toEqual(before);
  });
});
