/** A directory that goes away with the test. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { type AbsPath, toAbsPath } from "../../../src/path.ts";

export function temporaryDirectory(): AbsPath {
  const directory = mkdtempSync(join(tmpdir(), "bundle-test-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return toAbsPath(directory);
}
