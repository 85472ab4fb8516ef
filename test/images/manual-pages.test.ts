/** The two formatters that Debian has take the manual pages without a warning: what lintian asks of a package. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { manualPages } from "../../docs/generate/man/manual-pages.ts";

const directory = mkdtempSync(join(tmpdir(), "bootferry-man-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

let files: readonly string[];
beforeAll(async () => {
  for (const [name, text] of await manualPages({ version: "1.0.0", date: "2026-01-31" })) {
    writeFileSync(join(directory, name), text);
  }
  files = readdirSync(directory).map((name) => join(directory, name));
});

describe("the manual pages", () => {
  it("are taken by mandoc, style and all", () => {
    const { stdout, stderr, status } = spawnSync("mandoc", ["-T", "lint", "-W", "style", ...files], {
      encoding: "utf8",
    });
    expect({ stdout, stderr, status }).toEqual({ stdout: "", stderr: "", status: 0 });
  });

  it("are taken by man as lintian runs it", () => {
    for (const file of files) {
      const args = ["--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", file];
      const { PATH } = process.env;
      const env = { PATH, LC_ALL: "C.UTF-8", MANROFFSEQ: "", MANWIDTH: "80" };
      const { stderr, status } = spawnSync("man", args, { encoding: "utf8", env });
      expect({ file, stderr, status }).toEqual({ file, stderr: "", status: 0 });
    }
  });

  it("are found by name, with what they are about", () => {
    const said = execFileSync("lexgrog", files, { encoding: "utf8" });
    expect(said.trimEnd().split("\n")).toHaveLength(files.length);
    expect(said).toContain('"bootferry-release - releases on a medium or in a directory"');
  });
});
