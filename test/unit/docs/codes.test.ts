/** Pages name no error that is not there: each code that stands in one is in docs/errors.md, which is generated. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "../../..");
const CODE = /`([A-Z]{2,}(?:_[A-Z0-9]+)+)`/g;

/** Options of kernels and of U-Boot, which begin like codes of ours. */
const FOREIGN = [
  "CONFIG_FS_VERITY",
  "CONFIG_BOOTCOUNT_LIMIT",
  "CONFIG_BOOTCOUNT_ENV",
  "CONFIG_CMD_SYSBOOT",
  "CONFIG_SYS_REDUNDAND_ENVIRONMENT",
];

const known = new Set(codesOf("docs/errors.md"));
const prefixes = new Set([...known].map((code) => code.split("_")[0]));
const pages = ["README.md", "bundle-format/spec.md", "bundle-format/threat-model.md", ...pagesOf("docs")];

function pagesOf(directory: string): readonly string[] {
  return readdirSync(join(ROOT, directory))
    .filter((name) => name.endsWith(".md"))
    .map((name) => join(directory, name));
}

function codesOf(page: string): readonly string[] {
  return [...readFileSync(join(ROOT, page), "utf8").matchAll(CODE)].map(([, code]) => code ?? "");
}

describe("codes in the documentation", () => {
  it("are many, and of every room", () => {
    expect(known.size).toBeGreaterThan(150);
    expect(prefixes).toContain("TRUST");
  });

  it.each(pages)("of %s are codes of errors", (page) => {
    // Variables of other programs look alike; what has the prefix of a room is meant as a code.
    const meant = codesOf(page).filter((code) => prefixes.has(code.split("_")[0]) && !FOREIGN.includes(code));
    expect(meant.filter((code) => !known.has(code))).toEqual([]);
  });
});
