import { describe, expect, it } from "vitest";
import { digestOf } from "../../../src/oci/digest.ts";
import { stoppable } from "../../../src/oci/stoppable-layout.ts";
import { collectChunks, openBlobSource } from "../../../src/store/blob-source.ts";
import { type Lie, lyingLayout, memoryLayout } from "../../support/lying-layout.ts";
import { codeOf, noise } from "./store-fixture.ts";

const bytes = noise("blob", 50_000);
const pinned = { digest: digestOf(bytes), size: bytes.length };
const mediumWith = (lie?: Lie) => lyingLayout(memoryLayout([bytes]), new Map(lie ? [[pinned.digest, lie]] : []));

describe("openBlobSource", () => {
  it("gives all bytes and counts them", async () => {
    let read = 0;
    await using source = openBlobSource(mediumWith(), pinned, { onRead: (length) => (read += length) });
    expect(await collectChunks(source.chunks())).toEqual(bytes);
    await source.finish();
    expect(read).toBe(bytes.length);
  });

  it("reads the rest after a reader that stopped early, and finds there that the digest is wrong", async () => {
    await using source = openBlobSource(mediumWith({ kind: "flipped-bit", at: 49_999 }), pinned);
    for await (const _ of source.chunks()) break;
    expect(await codeOf(() => source.finish())).toBe("OCI_BLOB_DIGEST_MISMATCH");
  });

  it("opens nothing when nothing is asked for", async () => {
    const medium = mediumWith();
    await using _source = openBlobSource(medium, pinned);
    expect(medium.openings.size).toBe(0);
  });

  it("rejects at once when it is aborted while the medium stalls, and disposes of itself", async () => {
    const abort = new AbortController();
    const stalling = mediumWith({ kind: "stall", afterChunks: 2, onStall: () => abort.abort() });
    const medium = stoppable(stalling, abort.signal);
    await using source = openBlobSource(medium, pinned, { signal: abort.signal });
    const error = await source.finish().catch((reason: unknown) => reason);
    expect(error).toBe(abort.signal.reason);
  });

  it("closes the blob that was left half read", async () => {
    let isClosed = false;
    const honest = memoryLayout([bytes]);
    const medium = {
      ...honest,
      openBlob: async (digest: typeof pinned.digest) => {
        const blob = await honest.openBlob(digest);
        async function* chunks() {
          try {
            yield* blob.chunks;
          } finally {
            isClosed = true;
          }
        }
        return { ...blob, chunks: chunks() };
      },
    };
    {
      await using source = openBlobSource(medium, pinned);
      for await (const _ of source.chunks()) break;
    }
    expect(isClosed).toBe(true);
  });
});
