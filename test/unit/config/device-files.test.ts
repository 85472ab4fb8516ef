import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { hostFiles } from "../../../src/config/device-files.ts";
import { type AbsPath, parseAbsPath } from "../../../src/path.ts";

let directory: string;
const at = (name: string): AbsPath => parseAbsPath(join(directory, name));

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "config-files-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

describe("the files of the machine", () => {
  it("are read through links", async () => {
    writeFileSync(at("target"), "content");
    symlinkSync("target", at("link"));
    expect((await hostFiles.readFile(at("link")))?.toString()).toBe("content");
  });

  it("are undefined where nothing is, also below a file", async () => {
    writeFileSync(at("file"), "");
    expect(await hostFiles.readFile(at("absent"))).toBeUndefined();
    expect(await hostFiles.readFile(at("file/below"))).toBeUndefined();
    expect(await hostFiles.listDirectory(at("absent"))).toEqual([]);
  });

  it("are refused when they are not regular files or too large", async () => {
    mkdirSync(at("directory"));
    writeFileSync(at("large"), Buffer.alloc((4 << 20) + 1));
    await expect(hostFiles.readFile(at("directory"))).rejects.toMatchObject({ code: "CONFIG_UNREADABLE" });
    await expect(hostFiles.readFile(at("large"))).rejects.toMatchObject({ code: "CONFIG_UNREADABLE" });
  });

  it("are listed in the order of their bytes", async () => {
    for (const name of ["b", "a", "B", "é"]) writeFileSync(at(name), "");
    expect(await hostFiles.listDirectory(parseAbsPath(directory))).toEqual(["B", "a", "b", "é"]);
  });
});
