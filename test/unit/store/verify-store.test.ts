import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parseAbsPath } from "../../../src/path.ts";
import { checkObject } from "../../../src/store/check-object.ts";
import { ingestRelease } from "../../../src/store/ingest.ts";
import type { ObjectStore } from "../../../src/store/object-store.ts";
import { repairStore } from "../../../src/store/repair-store.ts";
import { isWhole, verifyStore } from "../../../src/store/verify-store.ts";
import type { ContentDigest } from "../../../src/tree/node.ts";
import { lyingLayout } from "../../support/lying-layout.ts";
import { contentOf, listing, noise, openTestStore, type ReleaseFixture, releaseFixture } from "./store-fixture.ts";

const libc = noise("libc", 20_000);
const shell = noise("sh a", 5000);
const a = await releaseFixture([{ libc, sh: shell, hosts: "inline" }]);
const b = await releaseFixture([{ libc }, { sh: noise("sh b", 6000) }]);

async function storeOf(...fixtures: readonly ReleaseFixture[]): Promise<ObjectStore> {
  const store = await openTestStore();
  for (const { medium, release, target } of fixtures) await ingestRelease(store, medium, release, target);
  return store;
}

function objectOf(content: Buffer): ContentDigest {
  const found = contentOf(content);
  if (found.kind !== "object") throw new Error("content is inline");
  return found.digest;
}

const flip = (path: string) => {
  const bytes = readFileSync(path);
  bytes.writeUInt8(bytes.readUInt8(0) ^ 1, 0);
  writeFileSync(path, bytes);
};

describe("verifyStore", () => {
  it("finds a store whole, counting what images share once", async () => {
    const report = await verifyStore(await storeOf(a, b), [a.imageDigest, b.imageDigest]);
    expect(isWhole(report)).toBe(true);
    expect(report).toMatchObject({ checkedObjects: 3, checkedBytes: 31_000 });
  });

  it.each([
    ["a flipped bit", flip],
    ["another size", (path: string) => writeFileSync(path, "short")],
    ["no content", (path: string) => writeFileSync(path, "")],
  ])("reports an object with %s as corrupt", async (_, spoil) => {
    const store = await storeOf(a);
    spoil(store.objectFile(objectOf(libc)));
    const report = await verifyStore(store, [a.imageDigest]);
    expect(report.corrupt).toEqual(new Map([[objectOf(libc), libc.length]]));
    expect(isWhole(report)).toBe(false);
  });

  it("reports missing objects, missing images and corrupt images", async () => {
    const store = await storeOf(a, b);
    rmSync(store.objectFile(objectOf(shell)));
    flip(store.imageFile(b.imageDigest));
    const c = await releaseFixture([{ c: noise("c", 100) }]);
    const report = await verifyStore(store, [a.imageDigest, b.imageDigest, c.imageDigest]);
    expect(report.missing).toEqual(new Map([[objectOf(shell), shell.length]]));
    expect(report.corruptImages).toEqual([b.imageDigest]);
    expect(report.missingImages).toEqual([c.imageDigest]);
    expect(isWhole(report)).toBe(false);
  });

  it("stops when it is asked to", async () => {
    const store = await storeOf(a);
    const signal = AbortSignal.abort();
    await expect(verifyStore(store, [a.imageDigest], { signal })).rejects.toBe(signal.reason);
  });
});

describe("checkObject", () => {
  it("takes an object that the disk cannot give any more for corrupt: it can be had again", async () => {
    const unreadable = parseAbsPath("/proc/self/mem"); // answers EIO, as a worn disk does
    const store = { ...(await openTestStore()), objectFile: () => unreadable };
    expect(checkObject(store, objectOf(libc), 0)).toBe("corrupt");
  });
});

describe("repairStore", () => {
  const images = [a.imageDigest, b.imageDigest];

  it("takes what is missing and corrupt from the medium, and writes nothing else", async () => {
    const store = await storeOf(a, b);
    const whole = listing(store.directory);
    flip(store.objectFile(objectOf(libc)));
    rmSync(store.objectFile(objectOf(shell)));
    const repair = await repairStore(store, a.medium, a.target, images);
    expect(repair).toMatchObject({ repairedObjects: 2, repairedImages: [], writtenBytes: libc.length + shell.length });
    expect(isWhole(repair.report)).toBe(true);
    expect(listing(store.directory)).toEqual(whole);
  });

  it("mends one release's objects from another release that shares them", async () => {
    const store = await storeOf(a);
    flip(store.objectFile(objectOf(libc)));
    const repair = await repairStore(store, b.medium, b.target, [a.imageDigest]);
    expect(isWhole(repair.report)).toBe(true);
    expect(store.listImages()).toEqual([a.imageDigest]);
  });

  it("restores an image that is damaged, with what it names", async () => {
    const store = await storeOf(a);
    const whole = listing(store.directory);
    flip(store.imageFile(a.imageDigest));
    rmSync(store.objectFile(objectOf(shell)));
    const repair = await repairStore(store, a.medium, a.target, [a.imageDigest]);
    expect(repair).toMatchObject({ repairedObjects: 1, repairedImages: [a.imageDigest] });
    expect(listing(store.directory)).toEqual(whole);
  });

  it("mends what it can and lists what another medium must supply", async () => {
    const store = await storeOf(a, b);
    flip(store.objectFile(objectOf(libc)));
    flip(store.objectFile(objectOf(shell)));
    flip(store.imageFile(b.imageDigest));
    const { report } = await repairStore(store, b.medium, b.target, images);
    expect(report.corrupt).toEqual(new Map([[objectOf(shell), shell.length]]));
    expect(report.corruptImages).toEqual([]);
  });

  it("reads no layer when nothing is damaged", async () => {
    const store = await storeOf(a);
    const medium = lyingLayout(a.medium);
    await repairStore(store, medium, a.target, [a.imageDigest]);
    expect(medium.openings.size).toBe(0);
  });
});
