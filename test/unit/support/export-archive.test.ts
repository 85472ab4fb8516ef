/** Writing support archives to a medium, and opening them: what is there stays, and nothing half done is left. */
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { below } from "../../../src/path.ts";
import { encryptTo, generateSupportKey } from "../../../src/support/age.ts";
import { packArchive } from "../../../src/support/archive.ts";
import { collectSupport } from "../../../src/support/collect.ts";
import { exportArchive } from "../../../src/support/export-archive.ts";
import { openArchive, writeOpened } from "../../../src/support/open-archive.ts";
import { scratchDirectory } from "../agent/scratch.ts";

const HEAD = { createdAtUtc: "2026-11-20T10:15:00.123Z", device: "kiosk 17/ä", agentVersion: "1.0.0" };
const collection = () => collectSupport([{ name: "history.jsonl", read: async () => "{}\n" }], HEAD);

describe("an export", () => {
  it("is named for the device and the time, and opened by its key", async () => {
    const [medium, key] = [scratchDirectory(), await generateSupportKey()];
    const { file, sizeBytes } = await exportArchive(medium, await collection(), [key.recipient]);
    expect(file).toBe(join(medium, "bootferry-support/kiosk-17-20261120T101500Z.tar.zst.age"));
    const sealed = readFileSync(file);
    expect(sealed.length).toBe(sizeBytes);
    const { manifest, files } = await openArchive(sealed, [key.identity]);
    expect(manifest).toMatchObject({ device: "kiosk 17/ä", missing: [] });
    const target = below(scratchDirectory(), "made");
    writeOpened(target, files);
    expect(readdirSync(target).toSorted()).toEqual(["history.jsonl", "manifest.json"]);
    expect(() => writeOpened(target, files)).toThrow(expect.objectContaining({ code: "HOST_EXISTS" }));
  });

  it("needs somebody who can open it, before anything is written", async () => {
    const medium = scratchDirectory();
    for (const [recipients, code] of [
      [[], "SUPPORT_NO_RECIPIENT"],
      [["age1x"], "SUPPORT_RECIPIENT_INVALID"],
    ] as const) {
      await expect(exportArchive(medium, await collection(), recipients)).rejects.toMatchObject({ code });
    }
    expect(readdirSync(medium)).toEqual([]);
  });

  it("overwrites nothing", async () => {
    const [medium, { recipient }] = [scratchDirectory(), await generateSupportKey()];
    const { file } = await exportArchive(medium, await collection(), [recipient]);
    const before = readFileSync(file);
    await expect(exportArchive(medium, await collection(), [recipient])).rejects.toMatchObject({ code: "HOST_EXISTS" });
    expect(readFileSync(file)).toEqual(before);
    expect(readdirSync(join(medium, "bootferry-support"))).toHaveLength(1);
  });

  it.each(["a file", "a link out of the medium"])(
    "does not go through %s in the place of its directory",
    async (what) => {
      const [medium, elsewhere] = [scratchDirectory(), scratchDirectory()];
      const place = join(medium, "bootferry-support");
      if (what === "a file") writeFileSync(place, "");
      else symlinkSync(elsewhere, place);
      const { recipient } = await generateSupportKey();
      await expect(exportArchive(medium, await collection(), [recipient])).rejects.toMatchObject({
        code: "SUPPORT_TARGET_INVALID",
      });
      expect(readdirSync(elsewhere)).toEqual([]);
    },
  );

  it("leaves nothing behind where it cannot be written", async () => {
    const [medium, { recipient }] = [scratchDirectory(), await generateSupportKey()];
    mkdirSync(join(medium, "bootferry-support/kiosk-17-20261120T101500Z.tar.zst.age.tmp/x"), { recursive: true });
    await expect(exportArchive(medium, await collection(), [recipient])).rejects.toMatchObject({ exitStatus: 1 });
    expect(existsSync(join(medium, "bootferry-support/kiosk-17-20261120T101500Z.tar.zst.age"))).toBe(false);
  });
});

describe("an archive of a stranger", () => {
  async function sealed(files: Parameters<typeof packArchive>[0]) {
    const key = await generateSupportKey();
    return [await encryptTo([key.recipient], await packArchive(files, new Date(0))), [key.identity]] as const;
  }
  const bytes = Buffer.from("{}\n");

  it.each([
    ["has no manifest", [{ name: "history.jsonl", bytes }]],
    ["has a manifest of another kind", [{ name: "manifest.json", bytes }]],
  ])("is refused when it %s", async (_, files) => {
    await expect(openArchive(...(await sealed(files)))).rejects.toMatchObject({ code: "SUPPORT_ARCHIVE_INVALID" });
  });

  it("is refused when a file is another one than its manifest says, is missing, or is one too many", async () => {
    const { files } = await collection();
    const [manifest, history] = files;
    if (manifest === undefined || history === undefined) throw new Error("the collection has two files");
    for (const changed of [
      [manifest, { ...history, bytes: Buffer.from("{ }\n") }],
      [manifest],
      [...files, { name: "more.txt", bytes }],
    ]) {
      await expect(openArchive(...(await sealed(changed)))).rejects.toMatchObject({ code: "SUPPORT_ARCHIVE_INVALID" });
    }
  });
});
