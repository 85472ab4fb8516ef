/** The store on a real disk, with real tools and real processes: what unit tests put doubles for. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { HostError } from "../../src/host/error.ts";
import { execOnHost } from "../../src/host/exec.ts";
import { digestHex } from "../../src/oci/digest.ts";
import { type LayoutReader, openLayout } from "../../src/oci/layout.ts";
import { type AbsPath, parseAbsPath } from "../../src/path.ts";
import { collectStoreGarbage } from "../../src/store/gc-store.ts";
import { ingestRelease, type StoredTree } from "../../src/store/ingest.ts";
import { type ObjectStore, openObjectStore } from "../../src/store/object-store.ts";
import { readFileContent } from "../../src/store/read-content.ts";
import { isWhole, verifyStore } from "../../src/store/verify-store.ts";
import { formatTreePath } from "../../src/tree/tree-path.ts";
import { walkTree } from "../../src/tree/walk.ts";
import { lyingLayout } from "../support/lying-layout.ts";
import { type PackedRelease, packRelease } from "./store-fixture.ts";

const CHILD = fileURLToPath(new URL("./store-child.ts", import.meta.url));
const SOURCES = fileURLToPath(new URL("../../src", import.meta.url)); // some hundred real files
const LARGE = Buffer.alloc(9_000_001, "large enough to be streamed ");

let scratch: AbsPath;
let base: string;
let packed: PackedRelease;
let medium: LayoutReader;

beforeAll(() => {
  scratch = parseAbsPath(mkdtempSync(join(tmpdir(), "bootferry-store-")));
  base = join(scratch, "base");
  cpSync(SOURCES, join(base, "usr", "src"), { recursive: true });
  writeFileSync(join(base, "large"), LARGE);
  const upper = join(scratch, "upper");
  cpSync(join(SOURCES, "store"), join(upper, "opt", "store"), { recursive: true });
  writeFileSync(join(upper, "opt", "app"), LARGE.subarray(1));
  packed = packRelease([base, upper], join(scratch, "layout"));
  medium = openLayout(parseAbsPath(join(scratch, "layout")));
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

function openStore(directory = mkdtempSync(join(scratch, "store-"))): Promise<ObjectStore> {
  return openObjectStore(parseAbsPath(directory), { exec: execOnHost, fsVerity: "on" });
}

const store = async (into: ObjectStore): Promise<StoredTree> =>
  ingestRelease(into, medium, packed.release, packed.target);

describe("a store on a real disk", () => {
  it("holds every file of the packed directories, byte for byte", async () => {
    const into = await openStore();
    const { root } = await store(into);
    let files = 0;
    for (const { path, node } of walkTree(root)) {
      const name = formatTreePath(path);
      if (node.kind !== "file" || !name.startsWith("usr/src/")) continue;
      expect(readFileContent(into, node.content).equals(readFileSync(join(base, name)))).toBe(true);
      files++;
    }
    const sources = readdirSync(SOURCES, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    expect(files).toBe(sources.length);
  });

  it("opens every blob once, at no time two", async () => {
    const counting = lyingLayout(medium);
    await ingestRelease(await openStore(), counting, packed.release, packed.target);
    expect([...counting.openings.values()]).toEqual([1, 1, 1, 1, 1]); // tree image, manifest, config, two layers
  });

  it("is verified, damaged, found out, mended and emptied", async () => {
    const into = await openStore();
    const { imageDigest } = await store(into);
    expect(isWhole(await verifyStore(into, [imageDigest]))).toBe(true);
    const [victim] = [...into.listObjects()];
    if (victim === undefined) throw new Error("the store is empty");
    truncateSync(into.objectFile(victim.digest), victim.sizeBytes - 1);
    expect((await verifyStore(into, [imageDigest])).corrupt.size).toBe(1);
    await store(into);
    expect(isWhole(await verifyStore(into, [imageDigest]))).toBe(true);
    await collectStoreGarbage(into, []);
    expect([[...into.listObjects()], into.listImages()]).toEqual([[], []]);
  });
});

describe("a process that is killed while it stores", () => {
  it.each([
    ["write", 5], // the upper layer is being staged
    ["sync", 0],
    ["rename", 20], // streamed files get their names in staging first, then objects are published
    ["write", 60], // the lower layer is being staged, the upper one is published
    ["rename", 150],
    ["sync", 2],
    ["sync", 4], // objects are published, the image is staged
  ])("before %s number %d leaves nothing wrong and frees its lock, and another one completes it", async (...step) => {
    const directory = mkdtempSync(join(scratch, "store-"));
    const args = [CHILD, directory, join(scratch, "layout"), JSON.stringify(packed.target), ...step.map(String)];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    onTestFinished(() => void child.kill("SIGKILL"));
    const [said] = await Promise.race([once(child.stdout, "data"), once(child, "exit")]);
    expect(String(said)).toBe("stopped\n");
    const into = await openStore(directory);
    expect(readdirSync(into.stagingDirectory).length).toBeGreaterThan(0);
    await expect(store(into)).rejects.toMatchObject({ code: "HOST_BUSY" });

    child.kill("SIGKILL");
    await once(child, "exit");
    const reopened = await untilFree(() => openStoreAndTakeLock(directory));
    expect(readdirSync(reopened.stagingDirectory)).toEqual([]);
    const { imageDigest } = await store(reopened);
    expect(isWhole(await verifyStore(reopened, [imageDigest]))).toBe(true);
  });
});

/** Opens the store and shows that nobody else has it. */
async function openStoreAndTakeLock(directory: string): Promise<ObjectStore> {
  const into = await openStore(directory);
  await using _lock = await into.filesystem.lock();
  return openStore(directory);
}

/** The lock is held by a child of the killed process, which ends when it finds its standard input closed. */
async function untilFree<T>(action: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await action();
    } catch (error) {
      if (!(error instanceof HostError) || error.code !== "HOST_BUSY") throw error;
    }
  }
}

describe("the medium's layout", () => {
  it("names the blob that is wrong when one was changed on disk", async () => {
    const layout = join(scratch, "changed");
    cpSync(join(scratch, "layout"), layout, { recursive: true });
    const blob = join(layout, "blobs", "sha256", digestHex(packed.target.image.digest));
    writeFileSync(
      blob,
      readFileSync(blob).map((byte, index) => (index === 10 ? byte ^ 1 : byte)),
    );
    const changed = openLayout(parseAbsPath(layout));
    const into = await openStore();
    const run = ingestRelease(into, changed, packed.release, packed.target);
    await expect(run).rejects.toMatchObject({ code: "OCI_BLOB_DIGEST_MISMATCH" });
    expect([...into.listObjects()]).toEqual([]);
  });
});
