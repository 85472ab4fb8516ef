/** Files that a person names on the command line: whole, small, and with an error that names the file. */
import { readFileSync, statSync } from "node:fs";
import { HostError, hostError } from "../host/error.ts";
import type { AbsPath } from "../path.ts";
import { CliError } from "./error.ts";

const MAX_INPUT_BYTES = 8 << 20; // keys, roots and notes have kilobytes; naming an image here is a mistake

/** Whether `path` is a regular file; a medium is a directory. False when there is nothing. */
export function isFile(path: AbsPath): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

/** The directory at `path`. @throws HostError HOST_NOT_FOUND when there is none */
export function requireDirectory(path: AbsPath): AbsPath {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat?.isDirectory()) return path;
  throw new HostError("HOST_NOT_FOUND", `${path} is ${stat === undefined ? "not there" : "no directory"}`);
}

/** @throws HostError HOST_NOT_FOUND, HOST_PERMISSION, HOST_IO; CliError CLI_USAGE for a file of absurd size */
export function readInputFile(path: AbsPath): Buffer {
  try {
    const { size } = statSync(path);
    if (size > MAX_INPUT_BYTES) {
      throw new CliError("CLI_USAGE", `${path} has ${size} bytes, at most ${MAX_INPUT_BYTES} are read`);
    }
    return readFileSync(path);
  } catch (error) {
    throw hostError(error, `reading ${path}`);
  }
}
