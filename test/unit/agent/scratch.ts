/** A directory of the running test's own, removed after it. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { type AbsPath, toAbsPath } from "../../../src/path.ts";

export function scratchDirectory(): AbsPath {
  const directory = mkdtempSync(join(tmpdir(), "bootferry-agent-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return toAbsPath(directory);
}
