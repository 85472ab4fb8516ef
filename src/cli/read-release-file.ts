/** A release in a file that a person names: the statement, and the signatures that it has got so far. */
import { parseReleaseFile, type ReleaseFile } from "../release/release-file.ts";
import type { CliContext } from "./context.ts";
import { readInputFile } from "./read-input.ts";

/** @throws ReleaseError RELEASE_FILE_INVALID; HostError; CliError */
export function readReleaseFile(context: CliContext, text: string): ReleaseFile {
  return parseReleaseFile(readInputFile(context.path(text)), text);
}
