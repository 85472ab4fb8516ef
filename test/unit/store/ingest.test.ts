import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ingestRelease } from "../../../src/store/ingest.ts";
import type { IngestPlan } from "../../../src/store/plan-ingest.ts";
import { readFileContent } from "../../../src/store/read-content.ts";
import { lyingLayout } from "../../support/lying-layout.ts";
import { crashingDisk } from "./crashing-disk.ts";
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
  scratchDirectory,
} from "./store-fixture.ts";

const BASE: Files = {
  "usr/bin/sh": noise("sh", 9000),
  "usr/lib/libc.so": noise("libc", 70_000),
  "etc/hostname": "kiosk\n",
  "etc/services": noise("services", 5000),
};

const ingest = (store: Awaited<ReturnType<typeof openTestStore>>, from: ReleaseFixture, medium = from.medium) =>
  ingestRelease(store, medium, from.release, from.target);

describe("ingestRelease", () => {
  it.each(["none", "gzip", "zstd"] as const)(
    "stores every object of an image from layers of %s",
    async (compression) => {
      const fixture = await releaseFixture([BASE, { "opt/app": noise("app", 3000) }], { compression });
      const store = await openTestStore();
      const stored = await ingest(store, fixture);
      for (const content of [...Object.values(BASE), noise("app", 3000)]) {
        expect(readFileContent(store, contentOf(content))).toEqual(Buffer.from(content));
      }
      expect(readFileSync(stored.imageFile)).toEqual(fixture.image);
      expect(stored).toMatchObject({ imageDigest: fixture.imageDigest, manifestDigest: fixture.manifestBlob });
      expect(inStaging(store)).toEqual([]);
    },
  );

  it("opens each blob once", async () => {
    const fixture = await releaseFixture([BASE, { "opt/app": noise("app", 3000) }]);
    const medium = lyingLayout(fixture.medium);
    await ingest(await openTestStore(), fixture, medium);
    const all = [fixture.treeBlob, fixture.manifestBlob, fixture.configBlob, ...fixture.layerBlobs];
    expect(medium.openings).toEqual(new Map(all.map((digest) => [digest, 1])));
  });

  it("gains a medium nothing that gives other bytes at the second reading", async () => {
    const fixture = await releaseFixture([BASE]);
    const lies = fixture.blobs.map((_, index) => {
      const digest = [fixture.treeBlob, fixture.manifestBlob, fixture.configBlob, ...fixture.layerBlobs][index];
      return [digest, { kind: "other-bytes", bytes: Buffer.from("evil"), fromOpening: 2 }] as const;
    });
    const medium = lyingLayout(
      fixture.medium,
      new Map(lies.flatMap(([digest, lie]) => (digest ? [[digest, lie]] : []))),
    );
    await ingest(await openTestStore(), fixture, medium);
  });

  it("reads nothing from the medium and writes nothing when the image is stored already", async () => {
    const fixture = await releaseFixture([BASE]);
    const store = await openTestStore();
    await ingest(store, fixture);
    const medium = lyingLayout(fixture.medium);
    const again = await ingest(store, fixture, medium);
    expect(again.writtenBytes).toBe(0);
    expect(medium.openings.size).toBe(0);
  });

  it("writes an update's changed objects and its image, and nothing else", async () => {
    const store = await openTestStore();
    await ingest(store, await releaseFixture([BASE]));
    const changed = noise("sh 2", 9000);
    const update = await releaseFixture([{ ...BASE, "usr/bin/sh": changed }]);
    const stored = await ingest(store, update);
    expect(stored.writtenBytes).toBe(changed.length + update.image.length);
  });

  it("does not read the layers below the last one that is wanted", async () => {
    const store = await openTestStore();
    await ingest(store, await releaseFixture([BASE]));
    const update = await releaseFixture([BASE, { "usr/bin/sh": noise("sh 2", 9000) }]);
    const medium = lyingLayout(update.medium);
    await ingest(store, update, medium);
    expect(medium.openings.has(update.layerBlobs[0] ?? update.treeBlob)).toBe(false);
  });

  it("needs only the layers that hold what the store lacks", async () => {
    const store = await openTestStore();
    await ingest(store, await releaseFixture([BASE]));
    const update = await releaseFixture([
      BASE,
      { "usr/bin/sh": noise("sh 2", 9000) },
      { "etc/services": noise("3", 99) },
    ]);
    const base = update.layerBlobs[0] ?? update.treeBlob;
    await ingest(store, update, lyingLayout(update.medium, new Map([[base, { kind: "absent" }]])));
  });

  it("does not read again what an interrupted run has published", async () => {
    const fixture = await releaseFixture([BASE, { "opt/app": noise("app", 3000) }]);
    const complete = await openTestStore();
    await ingest(complete, fixture);
    rmSync(complete.objectFile(objectOf(noise("app", 3000))));
    rmSync(complete.imageFile(fixture.imageDigest));
    const medium = lyingLayout(fixture.medium);
    await ingest(complete, fixture, medium);
    expect(medium.openings.has(fixture.layerBlobs[0] ?? fixture.treeBlob)).toBe(false);
  });

  it("keeps the layers that were read before a later one failed, and does not read them again", async () => {
    const fixture = await releaseFixture([BASE, { "opt/app": noise("app", 3000) }]);
    const limits = { maxBufferedBytes: MAX_BUFFERED_BYTES, publishBatchBytes: 3000 };
    const store = await openTestStore(scratchDirectory(), { limits });
    const [lower, upper] = fixture.layerBlobs;
    if (lower === undefined || upper === undefined) throw new Error("the fixture has two layers");
    const worn = lyingLayout(fixture.medium, new Map([[lower, { kind: "io-error", afterChunks: 1 }]]));
    expect(await codeOf(() => ingest(store, fixture, worn))).toBe("OCI_BLOB_UNREADABLE");
    expect([...store.listObjects()].map(({ digest }) => digest)).toEqual([objectOf(noise("app", 3000))]);
    const medium = lyingLayout(fixture.medium);
    await ingest(store, fixture, medium);
    expect(medium.openings.has(upper)).toBe(false);
  });

  it("takes objects that layers hold but the tree hides for nothing", async () => {
    const hidden = noise("old", 9000);
    const fixture = await releaseFixture([{ ...BASE, "usr/bin/sh": hidden }, { "usr/bin/sh": noise("sh", 9000) }]);
    const store = await openTestStore();
    await ingest(store, fixture);
    expect(store.hasObject(objectOf(hidden), hidden.length)).toBe(false);
  });

  it("streams content that is too large to be held, and keeps only what is wanted of it", async () => {
    const large = noise("large", MAX_BUFFERED_BYTES + 4097);
    const sameSize = noise("other", MAX_BUFFERED_BYTES + 4097);
    const fixture = await releaseFixture([{ a: sameSize, b: large, c: large }], {
      tree: { b: large },
      compression: "none",
    });
    const store = await openTestStore();
    const stored = await ingest(store, fixture);
    expect([...store.listObjects()]).toEqual([{ digest: objectOf(large), sizeBytes: large.length }]);
    expect(stored.writtenBytes).toBe(large.length + fixture.image.length);
  });

  describe("when a reused object has rotted", () => {
    const rotten: readonly (readonly [string, (path: string) => void])[] = [
      ["another byte", (path) => writeFileSync(path, flipped(readFileSync(path)))],
      ["no content", (path) => writeFileSync(path, "")],
      ["too much content", (path) => writeFileSync(path, Buffer.concat([readFileSync(path), Buffer.from("x")]))],
    ];

    it.each(rotten)("takes it from the medium again: %s", async (_, spoil) => {
      const store = await openTestStore();
      const first = await releaseFixture([BASE]);
      await ingest(store, first);
      const whole = listing(store.directory);
      spoil(store.objectFile(objectOf(noise("libc", 70_000))));
      const stored = await ingest(store, first);
      expect(listing(store.directory)).toEqual(whole);
      expect(stored.writtenBytes).toBe(70_000);
    });

    it.each(rotten)("takes the image itself from the medium again: %s", async (_, spoil) => {
      const store = await openTestStore();
      const first = await releaseFixture([BASE]);
      await ingest(store, first);
      spoil(store.imageFile(first.imageDigest));
      await ingest(store, first);
      expect(readFileSync(store.imageFile(first.imageDigest))).toEqual(first.image);
    });

    it("leaves it as it is when the medium cannot supply it", async () => {
      const store = await openTestStore();
      const first = await releaseFixture([BASE]);
      await ingest(store, first);
      writeFileSync(store.objectFile(objectOf(noise("libc", 70_000))), "rotten");
      const before = listing(store.directory);
      const layer = first.layerBlobs[0] ?? first.treeBlob;
      const medium = lyingLayout(first.medium, new Map([[layer, { kind: "absent" }]]));
      expect(await codeOf(() => ingest(store, first, medium))).toBe("STORE_OBJECT_MISSING_FROM_MEDIUM");
      expect(listing(store.directory)).toEqual(before);
    });
  });

  it("tells the plan before the first layer is opened, and stops when it is refused", async () => {
    const fixture = await releaseFixture([BASE]);
    const store = await openTestStore();
    const medium = lyingLayout(fixture.medium);
    const plans: IngestPlan[] = [];
    const refusal = new Error("no room on the boot partition");
    const onPlan = (plan: IngestPlan) => {
      plans.push(plan);
      throw refusal;
    };
    await expect(ingestRelease(store, medium, fixture.release, fixture.target, { onPlan })).rejects.toBe(refusal);
    expect(plans[0]?.missingBytes).toBe(84_000);
    expect([...medium.openings.keys()]).toEqual([fixture.treeBlob, fixture.manifestBlob, fixture.configBlob]);
    expect([...store.listObjects()]).toEqual([]);
  });

  it("reports compressed bytes up to all of them", async () => {
    const fixture = await releaseFixture([BASE, { "opt/app": noise("app", 3000) }]);
    const seen: { phase: string; bytesDone: number; bytesTotal: number }[] = [];
    const onProgress = (progress: (typeof seen)[number]) => void seen.push(progress);
    await ingestRelease(await openTestStore(), fixture.medium, fixture.release, fixture.target, { onProgress });
    const reading = seen.filter(({ phase }) => phase === "reading");
    const total = fixture.blobs.slice(3).reduce((sum, blob) => sum + blob.length, 0);
    expect(reading.at(-1)).toEqual({ phase: "reading", bytesDone: total, bytesTotal: total });
    expect(reading.map(({ bytesDone }) => bytesDone)).toEqual(
      reading.map(({ bytesDone }) => bytesDone).sort((a, b) => a - b),
    );
  });

  it("refuses to run beside another one on the same store", async () => {
    const fixture = await releaseFixture([BASE]);
    const store = await openTestStore();
    await using _other = await store.filesystem.lock();
    expect(await codeOf(() => ingest(store, fixture))).toBe("HOST_BUSY");
  });

  it("names only what it holds on stable storage: the last step is a sync after the image's rename", async () => {
    const directory = scratchDirectory();
    const disk = crashingDisk(directory);
    const fixture = await releaseFixture([BASE]);
    const store = await openTestStore(directory, { filesystem: disk });
    await ingest(store, fixture);
    const steps = disk.steps.flatMap((step) => /^sync|(?<=^rename .*)(objects|images)/.exec(step)?.[0] ?? []);
    expect(steps).toEqual(["sync", "objects", "objects", "objects", "sync", "images", "sync"]);
  });
});

function objectOf(content: Buffer) {
  const found = contentOf(content);
  if (found.kind !== "object") throw new Error("content is inline");
  return found.digest;
}

function flipped(bytes: Buffer): Buffer {
  bytes.writeUInt8(bytes.readUInt8(bytes.length >> 1) ^ 1, bytes.length >> 1);
  return bytes;
}
