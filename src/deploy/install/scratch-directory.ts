/** A private, empty directory of this machine for the time of an installation. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hostError } from "../../host/error.ts";
import { type AbsPath, parseAbsPath } from "../../path.ts";

/** @throws HostError */
export function makeScratchDirectory(): AbsPath {
  try {
    return parseAbsPath(mkdtempSync(join(tmpdir(), "bootferry-install-")));
  } catch (error) {
    throw hostError(error, "making a temporary directory");
  }
}
