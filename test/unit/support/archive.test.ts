/** The inside of support archives: what is packed comes back, and what a stranger packs is refused. */
import { buffer } from "node:stream/consumers";
import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import fc from "fast-check";
import { type Header, pack } from "tar-stream";
import { describe, expect, it } from "vitest";
import { packArchive, unpackArchive } from "../../../src/support/archive.ts";

const AT = new Date("2026-11-20T10:15:00Z");
const FILES = [
  { name: "manifest.json", bytes: Buffer.from("{}") },
  { name: "journal-kernel.txt", bytes: Buffer.from("line\n".repeat(10_000)) },
  { name: "empty.txt", bytes: Buffer.alloc(0) },
];

type Entry = Partial<Header> & Pick<Header, "name">;

async function archiveOf(...entries: readonly Entry[]): Promise<Buffer> {
  const tar = pack();
  for (const header of entries) tar.entry(header, "type" in header ? "" : "text");
  tar.finalize();
  return zstdCompressSync(await buffer(tar));
}

describe("a support archive", () => {
  it("comes back as it was packed, in the same order, and small", async () => {
    const packed = await packArchive(FILES, AT);
    expect(packed.length).toBeLessThan(2000);
    expect(await unpackArchive(packed)).toEqual(FILES);
  });

  it("is the same for the same files and time", async () => {
    expect(await packArchive(FILES, AT)).toEqual(await packArchive(FILES, AT));
  });

  it.each<[string, Entry]>([
    ["a link", { name: "a", type: "symlink", linkname: "/etc/shadow" }],
    ["a hard link", { name: "a", type: "link", linkname: "b" }],
    ["a directory", { name: "a", type: "directory" }],
    ["a device", { name: "a", type: "character-device", devmajor: 1, devminor: 5 }],
    ["a way out", { name: "../a" }],
    ["an absolute path", { name: "/etc/cron.d/a" }],
    ["a file in a directory", { name: "a/b" }],
    ["a hidden file", { name: ".bashrc" }],
    ["an option", { name: "-rf" }],
    ["a name with a line break", { name: "a\nb" }],
    ["a long name", { name: "a".repeat(121) }],
  ])("is refused as a whole with %s", async (_, header) => {
    const archive = await archiveOf({ name: "manifest.json" }, header);
    await expect(unpackArchive(archive)).rejects.toMatchObject({ code: "SUPPORT_ARCHIVE_INVALID" });
  });

  it("is refused with two files of one name, also where a file system knows no case", async () => {
    const archive = await archiveOf({ name: "a" }, { name: "A" });
    await expect(unpackArchive(archive)).rejects.toMatchObject({ code: "SUPPORT_ARCHIVE_INVALID" });
  });

  it("is refused with more files than any device writes", async () => {
    const archive = await archiveOf(...Array.from({ length: 201 }, (_, index) => ({ name: `a${index}` })));
    await expect(unpackArchive(archive)).rejects.toMatchObject({ code: "SUPPORT_ARCHIVE_INVALID" });
  });

  it.each([
    ["what is no zstd", Buffer.from("PK\u0003\u0004")],
    ["a bomb", zstdCompressSync(Buffer.alloc(100 << 20))],
    ["what is no tar", zstdCompressSync(Buffer.alloc(2048, "x"))],
  ])("is not %s", async (_, archive) => {
    await expect(unpackArchive(archive)).rejects.toMatchObject({ code: "SUPPORT_ARCHIVE_INVALID" });
  });

  it("is refused, or holds plain files alone, whatever becomes of the bytes of its tar", async () => {
    const tar = zstdDecompressSync(await packArchive(FILES.toSpliced(1, 1), AT));
    const changes = fc.array(fc.tuple(fc.nat(tar.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(changes, async (bytes) => {
        const changed = Buffer.from(tar);
        for (const [offset, value] of bytes) changed[offset] = value;
        const opened = await unpackArchive(zstdCompressSync(changed)).catch((error: unknown) => error);
        if (!Array.isArray(opened)) expect(opened).toMatchObject({ code: "SUPPORT_ARCHIVE_INVALID" });
        else for (const { name } of opened) expect(name).toMatch(/^[A-Za-z0-9][A-Za-z0-9._-]*$/);
      }),
      { numRuns: 400 },
    );
  });

  it("is refused when its tar was cut", async () => {
    const tar = pack();
    tar.entry({ name: "a" }, Buffer.alloc(5000));
    tar.finalize();
    const cut = zstdCompressSync((await buffer(tar)).subarray(0, 3000));
    await expect(unpackArchive(cut)).rejects.toMatchObject({ code: "SUPPORT_ARCHIVE_INVALID" });
  });
});
