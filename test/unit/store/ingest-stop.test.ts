/** Stops that are no power cut: the operator aborts, the disk fills, the disk fails. Nothing but swept staging is left. */
import { describe, expect, it } from "vitest";
import type { Digest } from "../../../src/oci/digest.ts";
import { stoppable } from "../../../src/oci/stoppable-layout.ts";
import { storeError } from "../../../src/store/error.ts";
import { ingestRelease } from "../../../src/store/ingest.ts";
import { type Lie, lyingLayout } from "../../support/lying-layout.ts";
import { crashingDisk } from "./crashing-disk.ts";
import {
  codeOf,
  inStaging,
  listing,
  MAX_BUFFERED_BYTES,
  noise,
  openTestStore,
  releaseFixture,
  scratchDirectory,
} from "./store-fixture.ts";

const layers = [
  { a: noise("a", 40_000), b: noise("b", 50_000) },
  { c: noise("c", MAX_BUFFERED_BYTES + 1), d: noise("d", 100) }, // c is streamed
];
const inSmallChunks = await releaseFixture(layers);
const fixture = await releaseFixture(layers, { chunkBytes: 8 << 20 }); // few writes, since there is a stop at each

describe("an aborted run", () => {
  const blobs = [fixture.treeBlob, fixture.manifestBlob, fixture.configBlob, ...fixture.layerBlobs];
  const stalls = blobs.flatMap((digest) => [0, 1, 3, 20].map((afterChunks) => [digest, afterChunks] as const));

  it.each(stalls)("ends although blob %s stalls after %d chunks", async (digest, afterChunks) => {
    const store = await openTestStore();
    const abort = new AbortController();
    const stall: Lie = { kind: "stall", afterChunks, onStall: () => abort.abort() };
    const lying = lyingLayout(inSmallChunks.medium, new Map<Digest, Lie>([[digest, stall]]));
    const medium = stoppable(lying, abort.signal);
    const run = ingestRelease(store, medium, fixture.release, fixture.target, { signal: abort.signal });
    const outcome = await run.then(
      () => "stored",
      (error: unknown) => (error === abort.signal.reason ? "aborted" : error),
    );
    // A blob that has fewer chunks than that never stalls.
    expect(outcome).toBe(abort.signal.aborted ? "aborted" : "stored");
    expect(inStaging(store)).toEqual([]);
  });

  it("stops at each of its steps, and the next run completes it", async () => {
    const reference = await openTestStore();
    await ingestRelease(reference, fixture.medium, fixture.release, fixture.target);
    const whole = listing(reference.directory);
    for (let stopAt = 0, isStopped = true; isStopped; stopAt++) {
      const abort = new AbortController();
      const directory = scratchDirectory();
      const disk = crashingDisk(directory);
      const store = await openTestStore(directory, { filesystem: disk });
      disk.failure = () => {
        if (disk.steps.length > stopAt) abort.abort();
      };
      const { signal } = abort;
      isStopped = await ingestRelease(store, fixture.medium, fixture.release, fixture.target, { signal }).then(
        () => false,
        (error: unknown) => {
          if (error !== signal.reason) throw error;
          return true;
        },
      );
      disk.failure = undefined;
      expect([inStaging(store), disk.openFiles]).toEqual([[], 0]);
      await ingestRelease(store, fixture.medium, fixture.release, fixture.target);
      expect(listing(directory)).toEqual(whole);
    }
  });
});

describe.each([
  ["ENOSPC", "STORE_NO_SPACE"],
  ["EDQUOT", "STORE_NO_SPACE"],
  ["EIO", "HOST_IO"],
  ["EROFS", "HOST_READ_ONLY"],
])("a disk that answers %s", (errno, code) => {
  it.each(["create", "write", "rename", "mkdir", "sync"])(
    `ends with ${code} when it does so to any %s`,
    async (failing) => {
      let seen = 0;
      for (let failAt = 1, isFailing = true; isFailing; failAt++) {
        const directory = scratchDirectory();
        const disk = crashingDisk(directory);
        const store = await openTestStore(directory, { filesystem: disk });
        let count = 0;
        disk.failure = (step) => {
          if (step !== failing || ++count !== failAt) return;
          throw storeError(Object.assign(new Error(errno), { code: errno, errno: -1 }), step);
        };
        const result = await codeOf(() => ingestRelease(store, fixture.medium, fixture.release, fixture.target));
        isFailing = count >= failAt;
        expect(result).toBe(isFailing ? code : undefined);
        expect([inStaging(store), disk.openFiles]).toEqual([[], 0]);
        seen += isFailing ? 1 : 0;
        disk.failure = undefined;
        await ingestRelease(store, fixture.medium, fixture.release, fixture.target);
      }
      expect(seen).toBeGreaterThan(0);
    },
  );
});
