import { describe, expect, it } from "vitest";
import { digestOf } from "../../../src/oci/digest.ts";
import { stoppable } from "../../../src/oci/stoppable-layout.ts";
import { type Lie, lyingLayout, memoryLayout } from "../../support/lying-layout.ts";

const bytes = Buffer.alloc(20_000, "content");
const digest = digestOf(bytes);
const SILENT = new Promise<never>(() => undefined);

async function readAll(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  const read: Buffer[] = [];
  for await (const chunk of chunks) read.push(chunk);
  return Buffer.concat(read);
}

function openPromise(): readonly [promise: Promise<void>, resolve: () => void] {
  const { promise, resolve } = Promise.withResolvers<void>();
  return [promise, resolve];
}

describe("a layout that can be stopped", () => {
  it("answers as the one below does", async () => {
    const layout = stoppable(memoryLayout([bytes]), new AbortController().signal);
    const { sizeBytes, chunks } = await layout.openBlob(digest);
    expect([sizeBytes, await readAll(chunks)]).toEqual([bytes.length, bytes]);
    expect(await layout.blobSizeBytes(digest)).toBe(bytes.length);
    await expect(layout.readTopFile("index.json", 100)).rejects.toMatchObject({ code: "OCI_LAYOUT_MISSING" });
    await expect(layout.openBlob(digestOf("other"))).rejects.toMatchObject({ code: "OCI_BLOB_MISSING" });
  });

  it("gives up a blob that stalls as soon as it is stopped", async () => {
    const stop = new AbortController();
    const reason = new Error("SIGTERM");
    const stall: Lie = { kind: "stall", afterChunks: 2, onStall: () => stop.abort(reason) };
    const { chunks } = await stoppable(
      lyingLayout(memoryLayout([bytes]), new Map([[digest, stall]])),
      stop.signal,
    ).openBlob(digest);
    await expect(readAll(chunks)).rejects.toBe(reason);
  });

  it.each(["readTopFile", "openBlob", "blobSizeBytes"] as const)(
    "gives up %s as soon as it is stopped",
    async (call) => {
      const stop = new AbortController();
      const silent = {
        ...memoryLayout([bytes]),
        readTopFile: () => SILENT,
        openBlob: () => SILENT,
        blobSizeBytes: () => SILENT,
      };
      const layout = stoppable(silent, stop.signal);
      const asked = call === "readTopFile" ? layout.readTopFile("index.json", 100) : layout[call](digest);
      stop.abort();
      await expect(asked).rejects.toBe(stop.signal.reason);
    },
  );

  it("closes a blob that is opened too late", async () => {
    const stop = new AbortController();
    const [isClosed, close] = openPromise();
    async function* chunks() {
      try {
        yield bytes;
      } finally {
        close();
      }
    }
    const [opened, open] = openPromise();
    const honest = memoryLayout([bytes]);
    const late = { ...honest, openBlob: () => opened.then(() => ({ sizeBytes: bytes.length, chunks: chunks() })) };
    const asked = stoppable(late, stop.signal).openBlob(digest);
    stop.abort();
    await expect(asked).rejects.toBe(stop.signal.reason);
    open();
    await isClosed;
  });

  it("asks nothing any more once it was stopped", async () => {
    const honest = lyingLayout(memoryLayout([bytes]));
    await expect(stoppable(honest, AbortSignal.abort()).openBlob(digest)).rejects.toMatchObject({ name: "AbortError" });
    expect(honest.openings.size).toBe(0);
  });
});
