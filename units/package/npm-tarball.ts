/**
 * The npm package, for workstations that have Node: the bundle of `dist/` with its documents. What it depends on is in the
 * bundle, so its package.json names no dependencies, and `npm install -g FILE` asks no registry.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { licencesOf } from "./bundle.ts";
import { runTool } from "./tool.ts";

/** Members of package.json that are for who uses the package, and not for who works on it. */
const KEPT = ["name", "version", "description", "keywords", "license", "type", "engines", "bin", "files"];
const THIRD_PARTY = "THIRD-PARTY-LICENSES";

/** @returns the path of the tarball below `out` */
export function makeNpmTarball(source: string, packages: readonly string[], out: string): string {
  const manifest: Record<string, unknown> = JSON.parse(readFileSync(join(source, "package.json"), "utf8"));
  const files = [...(manifest["files"] as readonly string[]), THIRD_PARTY];
  const kept = Object.fromEntries(KEPT.map((key) => [key, manifest[key]]));
  const root = mkdtempSync(join(tmpdir(), "bootferry-npm-"));
  try {
    for (const path of ["README.md", "LICENSE", ...(manifest["files"] as readonly string[])]) {
      cpSync(join(source, path), join(root, path), { recursive: true, filter: (from) => !from.endsWith(".map") });
    }
    writeFileSync(join(root, THIRD_PARTY), licencesOf(source, packages));
    writeFileSync(join(root, "package.json"), `${JSON.stringify({ ...kept, files }, null, 2)}\n`);
    const printed = runTool(["npm", "pack", "--silent", "--pack-destination", out], { cwd: root });
    return join(out, printed.trim());
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}
