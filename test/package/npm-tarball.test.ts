/** The npm package, installed globally as from a stick: without any registry. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { output, TARBALL, VERSION } from "./packages.ts";

const NODE_24 = { PATH: `${dirname(process.execPath)}:${process.env["PATH"]}` };

let prefix: string;
beforeAll(() => {
  prefix = mkdtempSync(join(tmpdir(), "bootferry-npm-"));
  const env = { ...NODE_24, HOME: prefix, npm_config_registry: "http://127.0.0.1:9/" }; // nobody answers there
  output("npm", ["install", "--global", "--prefix", prefix, "--no-audit", "--no-fund", TARBALL], env);
});
afterAll(() => rmSync(prefix, { recursive: true, force: true }));

describe("the npm package", () => {
  it("runs on Node 24", () => {
    const bootferry = join(prefix, "bin/bootferry");
    expect(output(bootferry, ["--version"], NODE_24)).toBe(`${VERSION}\n`);
    expect(output(bootferry, ["release", "--help"], NODE_24)).toContain("Usage: bootferry release ");
  });

  it("says on an older Node what it needs, and ends with 1", () => {
    const older = "data:text/javascript,Object.defineProperty(process.versions,'node',{value:'22.9.0'})";
    const main = join(prefix, "lib/node_modules/bootferry/dist/cli/main.js");
    const { status, stderr } = spawnSync(process.execPath, ["--import", older, main, "--version"], {
      encoding: "utf8",
    });
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: expect.stringMatching(/^error: bootferry needs Node 24 or newer, and this is Node 22\.9\.0 .*\nhelp: /),
    });
  });

  it("depends on nothing that npm would have to fetch, and brings the licences of what is in its bundle", () => {
    const installed = join(prefix, "lib/node_modules/bootferry");
    const manifest = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
    expect(Object.keys(manifest).filter((key) => /dependencies|scripts/i.test(key))).toEqual([]);
    expect(readFileSync(join(installed, "THIRD-PARTY-LICENSES"), "utf8")).toMatch(/^commander \d.* \(MIT\)$/m);
  });
});
