import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { digestHex, digestOf } from "../../../src/oci/digest.ts";
import { type LayoutReader, openLayout } from "../../../src/oci/layout.ts";
import { type AbsPath, below, toAbsPath } from "../../../src/path.ts";

let directory: AbsPath;
let layout: LayoutReader;
beforeEach(() => {
  directory = toAbsPath(mkdtempSync(join(tmpdir(), "oci-layout-")));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  mkdirSync(below(directory, "blobs", "sha256"), { recursive: true });
  layout = openLayout(directory);
});

const pathOf = (content: string | Uint8Array) => below(directory, "blobs", "sha256", digestHex(digestOf(content)));

async function readAll(content: string | Uint8Array, options = {}): Promise<Buffer> {
  const parts: Buffer[] = [];
  const { chunks } = await layout.openBlob(digestOf(content), options);
  for await (const chunk of chunks) parts.push(Buffer.from(chunk)); // copied: buffers may be used again
  return Buffer.concat(parts);
}

describe("reading a layout", () => {
  it.each([0, 1, 4096, 1 << 20, (1 << 20) + 1, (3 << 20) + 7])("gives all %i bytes in order", async (size) => {
    const content = Buffer.alloc(size);
    for (let at = 0; at < size; at += 997) content.writeUInt8(at & 0xff, at);
    writeFileSync(pathOf(content), content);
    for (const reuseBuffers of [false, true])
      expect((await readAll(content, { reuseBuffers })).equals(content)).toBe(true);
    expect(await layout.blobSizeBytes(digestOf(content))).toBe(size);
  });

  it("gives chunks that keep their bytes unless buffers may be used again", async () => {
    const content = Buffer.concat([1, 2, 3, 4, 5].map((fill) => Buffer.alloc(1 << 20, fill)));
    writeFileSync(pathOf(content), content);
    const kept: Buffer[] = [];
    for await (const chunk of (await layout.openBlob(digestOf(content))).chunks) kept.push(chunk);
    expect(Buffer.concat(kept).equals(content)).toBe(true);
  });

  it("stops reading when its consumer does", async () => {
    const content = Buffer.alloc(8 << 20, 7);
    writeFileSync(pathOf(content), content);
    const { chunks } = await layout.openBlob(digestOf(content));
    for await (const chunk of chunks) {
      expect(chunk).toHaveLength(1 << 20);
      break;
    }
  });

  it("opens nothing but regular files, and waits for nobody", async () => {
    symlinkSync("/etc/hostname", pathOf("link"));
    mkdirSync(pathOf("directory"));
    execFileSync("mkfifo", [pathOf("fifo")]);
    for (const content of ["link", "directory", "fifo"]) {
      await expect(layout.openBlob(digestOf(content)), content).rejects.toMatchObject({
        code: "OCI_NOT_A_REGULAR_FILE",
      });
      expect(await layout.blobSizeBytes(digestOf(content)), content).toBeUndefined();
    }
    symlinkSync("/etc/hostname", below(directory, "index.json"));
    await expect(layout.readTopFile("index.json", 100)).rejects.toMatchObject({ code: "OCI_NOT_A_REGULAR_FILE" });
  });

  it("says what is missing", async () => {
    await expect(layout.openBlob(digestOf("absent"))).rejects.toMatchObject({ code: "OCI_BLOB_MISSING" });
    expect(await layout.blobSizeBytes(digestOf("absent"))).toBeUndefined();
    await expect(layout.readTopFile("oci-layout", 100)).rejects.toMatchObject({ code: "OCI_LAYOUT_MISSING" });
    const nowhere = openLayout(below(directory, "oci-layout", "deeper"));
    await expect(nowhere.readTopFile("index.json", 100)).rejects.toMatchObject({ code: "OCI_LAYOUT_MISSING" });
  });

  it("reads top files up to their bound and not a byte more", async () => {
    writeFileSync(below(directory, "index.json"), "x".repeat(100));
    expect(await layout.readTopFile("index.json", 100)).toHaveLength(100);
    await expect(layout.readTopFile("index.json", 99)).rejects.toMatchObject({ code: "OCI_BLOB_TOO_LARGE" });
  });
});
