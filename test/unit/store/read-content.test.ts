import { closeSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ingestRelease } from "../../../src/store/ingest.ts";
import { copyContent, MAX_CONTENT_BYTES, readFileContent } from "../../../src/store/read-content.ts";
import { codeOf, contentOf, noise, openTestStore, releaseFixture } from "./store-fixture.ts";

const kernel = noise("kernel", 3_000_000);
const fixture = await releaseFixture([{ kernel }]);
const object = contentOf(kernel);
if (object.kind !== "object") throw new Error("content is inline");

async function storeWithKernel() {
  const store = await openTestStore();
  await ingestRelease(store, fixture.medium, fixture.release, fixture.target);
  return store;
}

/** Copies into a file of its own and gives what arrived. */
async function copied(store: Awaited<ReturnType<typeof storeWithKernel>>, content: Parameters<typeof copyContent>[1]) {
  const path = join(store.directory, "copy");
  const fd = openSync(path, "w");
  try {
    copyContent(store, content, fd);
  } finally {
    closeSync(fd);
  }
  return readFileSync(path);
}

describe.each([
  ["readFileContent", async (...[store, content]: Parameters<typeof copied>) => readFileContent(store, content)],
  ["copyContent", copied],
] as const)("%s", (_, read) => {
  it("gives the content of an object", async () => {
    expect(kernel.equals(await read(await storeWithKernel(), object))).toBe(true);
  });

  it("gives content that stands in the image", async () => {
    const inline = contentOf("kiosk\n");
    expect(await read(await openTestStore(), inline)).toEqual(Buffer.from("kiosk\n"));
  });

  it.each([
    ["STORE_OBJECT_MISSING", (path: string) => rmSync(path)],
    ["STORE_OBJECT_CORRUPT", (path: string) => writeFileSync(path, noise("evil", kernel.length))],
    ["STORE_OBJECT_CORRUPT", (path: string) => writeFileSync(path, kernel.subarray(1))],
    ["STORE_OBJECT_CORRUPT", (path: string) => writeFileSync(path, Buffer.concat([kernel, kernel]))],
    ["STORE_OBJECT_CORRUPT", (path: string) => writeFileSync(path, "")],
  ])("ends with %s when the object was spoilt", async (code, spoil) => {
    const store = await storeWithKernel();
    spoil(store.objectFile(object.digest));
    expect(await codeOf(() => read(store, object))).toBe(code);
  });
});

describe("readFileContent", () => {
  it("refuses what is too large for memory before it looks for it", async () => {
    const huge = { ...object, sizeBytes: MAX_CONTENT_BYTES + 1 };
    expect(await codeOf(async () => readFileContent(await openTestStore(), huge))).toBe("STORE_OBJECT_TOO_LARGE");
  });
});

describe("copyContent", () => {
  it("says that there is no space when the target is full", async () => {
    const store = await storeWithKernel();
    const full = openSync("/dev/full", "w");
    expect(await codeOf(() => copyContent(store, object, full))).toBe("STORE_NO_SPACE");
    closeSync(full);
  });
});
