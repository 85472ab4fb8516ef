import { execFileSync } from "node:child_process";
import { mkdirSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { goodMedium } from "../../../bundle-format/vectors/source/parts.ts";
import type { VectorFiles } from "../../../bundle-format/vectors/source/vector.ts";
import { openMedium } from "../../../src/bundle/medium.ts";
import { listReleases } from "../../../src/bundle/read-release.ts";
import { type AbsPath, below } from "../../../src/path.ts";
import { temporaryDirectory } from "./temporary-directory.ts";
import { layOutFiles } from "./vector-reader.ts";

let files: VectorFiles;
beforeAll(async () => {
  files = (await goodMedium()).medium.files();
});

let stick: AbsPath;
beforeEach(() => {
  stick = temporaryDirectory();
  layOutFiles(files, stick);
});

/** Moves a file or directory of the stick aside and puts a link to it in its place. */
function makeLink(...path: readonly string[]): void {
  const target = below(stick, ...path);
  const aside = below(stick, "aside");
  renameSync(target, aside);
  symlinkSync(aside, target);
}

describe("opening a medium", () => {
  it("gives the layout in its directory", async () => {
    const medium = await openMedium(stick);
    expect(medium.directory).toBe(stick);
    expect((await listReleases(medium)).releases).toHaveLength(1);
  });

  it.each([
    ["that directory", ["bootferry"], "BUNDLE_MEDIUM_NOT_PLAIN"],
    ["the blobs", ["bootferry", "blobs"], "BUNDLE_MEDIUM_NOT_PLAIN"],
    ["the blobs of sha256", ["bootferry", "blobs", "sha256"], "BUNDLE_MEDIUM_NOT_PLAIN"],
    ["oci-layout", ["bootferry", "oci-layout"], "OCI_NOT_A_REGULAR_FILE"],
  ])("refuses a link in the place of %s (BF-1.3, BF-1.4)", async (_, path, code) => {
    makeLink(...path);
    await expect(openMedium(stick)).rejects.toMatchObject({ code });
  });

  it("refuses a FIFO in the place of index.json at once, instead of waiting for a writer", async () => {
    renameSync(below(stick, "bootferry", "index.json"), below(stick, "aside"));
    execFileSync("mkfifo", [below(stick, "bootferry", "index.json")]);
    await expect(listReleases(await openMedium(stick))).rejects.toMatchObject({ code: "OCI_NOT_A_REGULAR_FILE" });
  });

  it("refuses a file in the place of its directory, and a mount point that is none", async () => {
    const empty = temporaryDirectory();
    await expect(openMedium(empty)).rejects.toMatchObject({ code: "BUNDLE_MEDIUM_FOREIGN" });
    await expect(openMedium(below(empty, "nowhere"))).rejects.toMatchObject({ code: "BUNDLE_MEDIUM_FOREIGN" });
    writeFileSync(below(empty, "bootferry"), "");
    await expect(openMedium(empty)).rejects.toMatchObject({ code: "BUNDLE_MEDIUM_NOT_PLAIN" });
  });

  it("does not take a layout that lies at the top of the medium (BF-1.2)", async () => {
    const other = temporaryDirectory();
    mkdirSync(below(other, "blobs"));
    writeFileSync(below(other, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}');
    await expect(openMedium(other)).rejects.toMatchObject({ code: "BUNDLE_MEDIUM_FOREIGN" });
  });
});
