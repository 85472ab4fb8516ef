/**
 * The power goes before each step of storing an image, in each way in which a disk may come back: nothing wrong is ever
 * visible, and the next run ends with the same store.
 */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { imageDigestHex } from "../../../src/composefs/image-digest.ts";
import { imageObjects } from "../../../src/composefs/image-objects.ts";
import { readImage } from "../../../src/composefs/read-image.ts";
import { verityOf } from "../../../src/composefs/verity.ts";
import { digestOf } from "../../../src/oci/digest.ts";
import type { LayoutReader } from "../../../src/oci/layout.ts";
import type { AbsPath } from "../../../src/path.ts";
import { collectStoreGarbage } from "../../../src/store/gc-store.ts";
import { ingestRelease } from "../../../src/store/ingest.ts";
import type { ObjectStore } from "../../../src/store/object-store.ts";
import { memoryLayout } from "../../support/lying-layout.ts";
import { packFixture } from "../../support/pack-fixtures.ts";
import { type CrashingDisk, crashingDisk, OUTCOMES, PowerCut } from "./crashing-disk.ts";
import {
  inStaging,
  listing,
  MAX_BUFFERED_BYTES,
  noise,
  noiseBeside,
  openTestStore,
  type ReleaseFixture,
  releaseFixture,
  scratchDirectory,
} from "./store-fixture.ts";

const chunkBytes = 8 << 20; // few writes, since there is a cut before each
const shell = noise("sh", 5000);
const first = await releaseFixture([{ "usr/bin/sh": shell, "etc/a": noise("a", 300), "etc/b": noise("b", 200) }], {
  chunkBytes,
});
const second = await releaseFixture(
  [
    { "usr/bin/sh": shell, "etc/a": noise("a2", 300), "etc/b": noiseBeside(shell, "b2", 200) },
    { "opt/app": noise("app", MAX_BUFFERED_BYTES + 1) }, // streamed
  ],
  { chunkBytes },
);

/** The second one without its layers, and a pack since the first one in their place. */
const delta = { ...second, medium: deltaOf(second) };

function deltaOf({ blobs, layerBlobs, target, imageDigest }: ReleaseFixture): LayoutReader {
  const files = [noise("a2", 300), noiseBeside(shell, "b2", 200), noise("app", MAX_BUFFERED_BYTES + 1)];
  const pack = packFixture({ subject: target.image, tree: imageDigest, files, base: { tree: first.imageDigest } });
  const kept = blobs.filter((blob) => !layerBlobs.includes(digestOf(blob)));
  return memoryLayout([...kept, ...pack.blobs], chunkBytes, pack.index);
}

interface Device {
  readonly disk: CrashingDisk;
  readonly directory: AbsPath;
}

const newDevice = (): Device => {
  const directory = scratchDirectory();
  return { directory, disk: crashingDisk(directory) };
};
const limits = { maxBufferedBytes: MAX_BUFFERED_BYTES, publishBatchBytes: 4000 }; // each layer is published by itself
const open = ({ directory, disk }: Device) => openTestStore(directory, { filesystem: disk, limits });
const install = async (device: Device, { medium, release, target }: ReleaseFixture) =>
  ingestRelease(await open(device), medium, release, target);

/** Every name in the store stands for its content, and every image's objects are there. */
function expectNothingWrong(store: ObjectStore): void {
  for (const { digest } of store.listObjects()) {
    expect(verityOf(readFileSync(store.objectFile(digest)))).toBe(digest);
  }
  for (const image of store.listImages()) {
    const bytes = readFileSync(store.imageFile(image));
    expect(verityOf(bytes)).toBe(imageDigestHex(image));
    for (const [digest, sizeBytes] of imageObjects(readImage(bytes))) {
      expect(store.hasObject(digest, sizeBytes)).toBe(true);
    }
  }
}

/** Runs `action` on a fresh device made by `prepare`, with a cut before each of its steps, and hands over what is left. */
async function atEachStep(
  prepare: (device: Device) => Promise<unknown>,
  action: (device: Device) => Promise<unknown>,
  examine: (device: Device, cutBefore: number) => Promise<void>,
  outcome: (typeof OUTCOMES)[number],
): Promise<number> {
  for (let cutBefore = 0; ; cutBefore++) {
    const device = newDevice();
    await prepare(device);
    device.disk.powerCut("killed"); // begins to count from here
    device.disk.cutBefore = cutBefore;
    const isCut = await action(device).then(
      () => false,
      (error: unknown) => {
        if (!(error instanceof PowerCut)) throw error;
        return true;
      },
    );
    device.disk.powerCut(outcome);
    await examine(device, cutBefore);
    if (!isCut) return cutBefore;
  }
}

describe.each(OUTCOMES)("after a power cut that leaves of the steps since the last sync: %s", (outcome) => {
  it("a first installation shows nothing wrong at any step, and running it again completes it", async () => {
    const reference = newDevice();
    await install(reference, second);
    const whole = listing(reference.directory);
    const cuts = await atEachStep(
      async () => undefined,
      (device) => install(device, second),
      async (device) => {
        expectNothingWrong(await open(device));
        expect(inStaging(await open(device))).toEqual([]);
        await install(device, second);
        device.disk.powerCut("nothing"); // what an ended run has stored is durable
        expect(listing(device.directory)).toEqual(whole);
      },
      outcome,
    );
    expect(cuts).toBeGreaterThan(20);
  });

  it("an update leaves the image that was there whole at any step, and running it again completes it", async () => {
    const reference = newDevice();
    await install(reference, first);
    await install(reference, second);
    const whole = listing(reference.directory);
    await atEachStep(
      (device) => install(device, first),
      (device) => install(device, second),
      async (device) => {
        const store = await open(device);
        expectNothingWrong(store);
        expect(store.listImages()).toContain(first.imageDigest);
        await install(device, second);
        device.disk.powerCut("nothing");
        expect(listing(device.directory)).toEqual(whole);
      },
      outcome,
    );
  });

  it("an update by an object pack leaves the image that was there whole at any step, and running it again completes it", async () => {
    const reference = newDevice();
    await install(reference, first);
    await install(reference, second);
    const whole = listing(reference.directory);
    const cuts = await atEachStep(
      (device) => install(device, first),
      (device) => install(device, delta),
      async (device) => {
        const store = await open(device);
        expectNothingWrong(store);
        expect(store.listImages()).toContain(first.imageDigest);
        await install(device, delta);
        device.disk.powerCut("nothing");
        expect(listing(device.directory)).toEqual(whole);
      },
      outcome,
    );
    expect(cuts).toBeGreaterThan(15);
  });

  it("a collection leaves no image without its objects at any step, and running it again completes it", async () => {
    const reference = newDevice();
    await install(reference, second);
    const whole = listing(reference.directory);
    await atEachStep(
      async (device) => {
        await install(device, first);
        await install(device, second);
      },
      async (device) => collectStoreGarbage(await open(device), [second.imageDigest]),
      async (device) => {
        expectNothingWrong(await open(device));
        await collectStoreGarbage(await open(device), [second.imageDigest]);
        device.disk.powerCut("nothing");
        expect(listing(device.directory)).toEqual(whole);
      },
      outcome,
    );
  });
});
