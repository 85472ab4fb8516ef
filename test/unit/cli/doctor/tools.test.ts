/** One list of tools: what the sources run is known to the doctor, with what it is for and how to get it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { TOOLS } from "../../../../src/cli/doctor/tools.ts";
import { sourceFiles } from "../../../architecture/imports.ts";

const SOURCES = join(import.meta.dirname, "../../../../src");
const NAME = '"(?<tool>[a-z][a-z0-9._-]*)"';

/** How a program is run in these sources: the first word of an argv. */
const WAYS = [
  new RegExp(`\\b(?:exec|followLines|tryTool|runTool)\\(\\s*(?:[\\w.]+,\\s*)?\\[\\s*${NAME}`, "g"),
  new RegExp(`\\bexeca\\(\\s*${NAME}`, "g"),
  new RegExp(`\\bargv\\s*(?::|=)\\s*\\[\\s*${NAME}`, "g"),
  new RegExp(`\\b(?:ENABLE|WITH_WRITABLE_SYSROOT|limited|sfdisk)\\s*=\\s*\\[\\s*${NAME}`, "g"),
  new RegExp(`\\btool: ${NAME}`, "g"),
  new RegExp(`\\[${NAME}, (?:"[a-z-]+", )?"--?[a-z]`, "g"), // a name, perhaps a verb, and an option
  new RegExp(`\\[${NAME}, disk\\.path\\]`, "g"),
];
/** First words of lists that look like argvs, and are verbs of programs. */
const NO_PROGRAMS = ["upgrade", "switch", "release", "ps", "copy", "inspect"];

function programsOf(text: string): readonly string[] {
  return WAYS.flatMap((way) => [...text.matchAll(way)].map(({ groups }) => groups?.["tool"] ?? ""));
}

const run = sourceFiles().flatMap((file) =>
  programsOf(readFileSync(join(SOURCES, file), "utf8")).map((tool) => ({ file, tool })),
);
const known = TOOLS.flatMap(({ names }) => names);

describe("the list of tools", () => {
  it("has every program that the sources run", () => {
    const unknown = run.filter(({ tool }) => !known.includes(tool) && !NO_PROGRAMS.includes(tool));
    expect(unknown).toEqual([]);
  });

  it("is held against sources in which programs are found", () => {
    const found = new Set(run.map(({ tool }) => tool));
    const some = ["sync", "flock", "lsblk", "mount", "cryptsetup", "bootc", "skopeo", "fsverity", "tar", "systemctl"];
    expect(some.filter((tool) => !found.has(tool))).toEqual([]);
    expect(found.size).toBeGreaterThan(30);
  });

  it("names each tool once, says what it is for, and where", () => {
    expect(new Set(known).size).toBe(known.length);
    for (const { why, workstation, device } of TOOLS) {
      expect(why).not.toBe("");
      expect(workstation ?? device).toBeDefined();
    }
  });
});
