import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readEfiDefault } from "../../../src/boot/efi-default.ts";

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(`${tmpdir()}/efi-`);
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe("readEfiDefault", () => {
  it.each([
    ["a value after four bytes of attributes, in UTF-16 with its zero", "a.conf\0", "a.conf"],
    ["an empty value, which is none", "\0", undefined],
  ])("reads %s", (_what, text, expected) => {
    const path = join(directory, "variable");
    writeFileSync(path, Buffer.concat([Buffer.from([7, 0, 0, 0]), Buffer.from(text, "utf16le")]));
    expect(readEfiDefault(path)).toBe(expected);
  });

  it("finds none where there are no EFI variables", () => {
    expect(readEfiDefault(join(directory, "nowhere", "at-all"))).toBeUndefined();
  });
});
