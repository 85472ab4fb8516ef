/** The single executable: without a Node, without its sources, and the same bytes each time. */
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { processContext } from "../../src/cli/context.ts";
import { buildProgram } from "../../src/cli/program.ts";
import { bundleProgram, pinnedNode } from "../../units/package/bundle.ts";
import { makeExecutable } from "../../units/package/executable.ts";
import { CLONE, EXECUTABLE, output, VERSION } from "./packages.ts";

function scratch(): string {
  const directory = mkdtempSync(join(tmpdir(), "bootferry-executable-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** As somebody who has nothing but this file. */
const bootferry = (...args: readonly string[]) => output(EXECUTABLE, args, { PATH: "/usr/bin:/bin", HOME: scratch() });

describe("the executable", () => {
  it("knows its version", () => {
    expect(bootferry("--version")).toBe(`${VERSION}\n`);
  });

  it("has all groups of commands, each with its help", async () => {
    const program = await buildProgram(processContext(process, new AbortController().signal), VERSION);
    const groups = program.commands.map((group) => group.name());
    expect(groups).toEqual(expect.arrayContaining(["agent", "key", "media", "os", "release", "root"]));
    for (const group of groups) expect(bootferry(group, "--help")).toMatch(new RegExp(`^Usage: bootferry ${group} `));
  });

  it("makes keys and a root, and reads them again", () => {
    const directory = scratch();
    for (const name of ["root", "release"]) bootferry("key", "generate", join(directory, name), "--no-passphrase");
    const root = join(directory, "root.key");
    const release = join(directory, "release.pub");
    const out = join(directory, "root.json");
    bootferry("root", "create", "--root-key", root, "--release-key", release, "--out", out);
    expect(JSON.parse(bootferry("root", "show", out, "--json"))).toMatchObject({ document: { version: 1 } });
  });

  it("does not listen to what is meant for programs in JavaScript", () => {
    const env = { PATH: "/usr/bin:/bin", NODE_OPTIONS: "--require=/nonexistent.js" };
    expect(output(EXECUTABLE, ["--version"], env)).toBe(`${VERSION}\n`);
  });

  it("is made of the same sources in the same bytes", async () => {
    const directory = scratch();
    const bundle = await bundleProgram(CLONE);
    const sums = [];
    for (const name of ["one", "two"]) {
      await makeExecutable(pinnedNode(CLONE).executable, bundle, join(directory, name));
      sums.push(
        createHash("sha256")
          .update(readFileSync(join(directory, name)))
          .digest("hex"),
      );
    }
    expect(sums[0]).toBe(sums[1]);
    expect(sums[0]).toBe(createHash("sha256").update(readFileSync(EXECUTABLE)).digest("hex"));
  });
});
