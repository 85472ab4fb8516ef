import { describe, expect, it } from "vitest";
import type { Exec } from "../../../src/host/exec.ts";
import { probeFilesystem } from "../../../src/media/probe-filesystem.ts";
import { parseAbsPath } from "../../../src/path.ts";

const DEVICE = parseAbsPath("/dev/sdb");

const blkid =
  (exitCode: number, lines: readonly string[] = []): Exec =>
  async () => ({ exitCode, stdout: Buffer.from(lines.map((line) => `${line}\n`).join("")), stderrTail: "" });

describe("what is on a device", () => {
  it("is asked of the device itself, not of a cache", async () => {
    const asked: (readonly string[])[] = [];
    await probeFilesystem(async (argv, options) => {
      asked.push(argv);
      return blkid(0, ["ID_FS_TYPE=vfat"])(argv, options);
    }, DEVICE);
    expect(asked).toEqual([["blkid", "-p", "-o", "udev", "/dev/sdb"]]);
  });

  it.each([
    [
      "a file system with all its names",
      ["ID_FS_LABEL=BOOTFERRY", "ID_FS_UUID=3450-DB87", "ID_FS_VERSION=FAT16", "ID_FS_TYPE=vfat"],
      { type: "vfat", version: "FAT16", uuid: "3450-DB87", label: "BOOTFERRY" },
    ],
    [
      "a label with an equals sign",
      ["ID_FS_TYPE=exfat", "ID_FS_LABEL=A=B"],
      { type: "exfat", version: undefined, uuid: undefined, label: "A=B" },
    ],
    [
      "an encrypted one",
      ["ID_FS_TYPE=crypto_LUKS", "ID_FS_VERSION=2"],
      { type: "crypto_LUKS", version: "2", uuid: undefined, label: undefined },
    ],
  ])("is %s", async (_, lines, expected) => {
    expect(await probeFilesystem(blkid(0, lines), DEVICE)).toEqual(expected);
  });

  it.each([
    ["nothing", blkid(2), /^\/dev\/sdb: there is no file system on it$/],
    ["a partition table", blkid(0, ["ID_PART_TABLE_TYPE=gpt"]), /a disk with a partition table \(gpt\)/],
    ["traces of several file systems", blkid(8), /several file systems/],
  ])("may be %s", async (_, exec, message) => {
    const probing = probeFilesystem(exec, DEVICE);
    await expect(probing).rejects.toThrow(message);
    await expect(probing).rejects.toMatchObject({ code: "MEDIA_FILESYSTEM_UNKNOWN", exitStatus: 6 });
  });
});
