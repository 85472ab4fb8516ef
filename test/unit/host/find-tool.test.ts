import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { hasToolOnPath } from "../../../src/host/find-tool.ts";

describe("a tool", () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "find-tool-"));
    mkdirSync(join(directory, "bin"));
    writeFileSync(join(directory, "bin", "there"), "#!/bin/sh\n", { mode: 0o755 });
    writeFileSync(join(directory, "bin", "plain"), "text\n", { mode: 0o644 });
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it.each([
    ["there", true],
    ["plain", false],
    ["missing", false],
  ])("%s: %s", (name, expected) => {
    expect(hasToolOnPath(`/nonexistent:${join(directory, "bin")}:`)(name)).toBe(expected);
  });

  it("is nowhere without a PATH", () => {
    expect(hasToolOnPath(undefined)("sh")).toBe(false);
  });
});
