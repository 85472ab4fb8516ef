import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ingestRelease } from "../../../src/store/ingest.ts";
import { loadImage } from "../../../src/store/load-image.ts";
import { openStaging } from "../../../src/store/staging.ts";
import { codeOf, contentOf, noise, openTestStore, releaseFixture, scratchDirectory } from "./store-fixture.ts";

const content = noise("content", 5000);
const object = contentOf(content);
if (object.kind !== "object") throw new Error("content is inline");
const { digest } = object;

describe("openObjectStore", () => {
  it("makes nothing when all that is asked for is what is there", async () => {
    const directory = scratchDirectory();
    const store = await openTestStore(directory);
    expect([[...store.listObjects()], store.listImages(), store.hasObject(digest, 5000)]).toEqual([[], [], false]);
    expect(readdirSync(directory)).toEqual([]);
  });

  it("makes a store where there is none, and finds it again", async () => {
    const directory = scratchDirectory();
    const store = await openTestStore(directory);
    await using staging = await openStaging(store);
    staging.addObject(digest, content);
    await staging.publish();
    const again = await openTestStore(directory);
    expect([...again.listObjects()]).toEqual([{ digest, sizeBytes: 5000 }]);
  });

  it("sweeps what an interrupted run left in staging", async () => {
    const store = await openTestStore();
    mkdirSync(join(store.stagingDirectory, "directory"), { recursive: true });
    writeFileSync(join(store.stagingDirectory, digest), "half");
    await openTestStore(store.directory);
    expect(existsSync(join(store.stagingDirectory, digest))).toBe(false);
    expect(existsSync(join(store.stagingDirectory, "directory"))).toBe(false);
  });

  it("leaves staging to a run that is writing there", async () => {
    const store = await openTestStore();
    await using staging = await openStaging(store);
    staging.addObject(digest, content);
    const reader = await openTestStore(store.directory);
    await staging.publish();
    expect(reader.hasObject(digest, 5000)).toBe(true);
  });

  it("shows nobody what is staged before it is published, and nothing at all of a run that ends without", async () => {
    const store = await openTestStore();
    {
      await using staging = await openStaging(store);
      staging.addObject(digest, content);
      staging.openPart().write(content);
      expect([...store.listObjects()]).toEqual([]);
    }
    expect([...store.listObjects()]).toEqual([]);
    expect(existsSync(join(store.stagingDirectory, digest))).toBe(false);
  });
});

describe("hasObject", () => {
  it.each([
    ["another size", (path: string) => writeFileSync(path, content.subarray(1))],
    ["no content", (path: string) => writeFileSync(path, "")],
    ["a directory", (path: string) => mkdirSync(path)],
    ["a symlink to the content", (path: string) => symlinkSync("/dev/null", path)],
  ])("does not take for an object what has its name and is %s", async (_, make) => {
    const store = await openTestStore();
    const path = store.objectFile(digest);
    mkdirSync(join(path, ".."), { recursive: true });
    make(path);
    expect(store.hasObject(digest, content.length)).toBe(false);
  });
});

describe("listObjects and listImages", () => {
  it("pass over what is not ours", async () => {
    const store = await openTestStore();
    for (const stray of ["objects/README", "objects/zz/x", "objects/ab/short", "images/lost+found", "images/a.cfs"]) {
      mkdirSync(join(store.directory, stray, ".."), { recursive: true });
      writeFileSync(join(store.directory, stray), "stray");
    }
    expect([...store.listObjects()]).toEqual([]);
    expect(store.listImages()).toEqual([]);
  });
});

describe("loadImage", () => {
  it("gives the tree of an image", async () => {
    const store = await openTestStore();
    const fixture = await releaseFixture([{ "etc/a": content }]);
    await ingestRelease(store, fixture.medium, fixture.release, fixture.target);
    expect(store.listImages()).toEqual([fixture.imageDigest]);
    expect(loadImage(store, fixture.imageDigest).entries.size).toBe(fixture.root.entries.size);
  });

  it("refuses one that is not there or has other content", async () => {
    const store = await openTestStore();
    const { imageDigest } = await releaseFixture([{ "etc/a": content }]);
    expect(await codeOf(() => loadImage(store, imageDigest))).toBe("STORE_IMAGE_MISSING");
    mkdirSync(store.imagesDirectory);
    writeFileSync(store.imageFile(imageDigest), content);
    expect(await codeOf(() => loadImage(store, imageDigest))).toBe("STORE_IMAGE_CORRUPT");
  });
});
