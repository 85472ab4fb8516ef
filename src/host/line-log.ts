/**
 * A log of lines, oldest first, appended durably and turned over by size.
 *
 *     FILE      being written
 *     FILE.1    the one before
 *
 * A line that a power cut tore stays for the reader to pass over; the next writer closes it.
 */
import { readFileSync, renameSync, statSync } from "node:fs";
import { errnoOf } from "../error.ts";
import { type AbsPath, below } from "../path.ts";
import { appendLineDurably, syncDirectory } from "./durable-write.ts";
import { hostError } from "./error.ts";

/**
 * Adds `line` (without its newline), durably; a file that has `maxBytes` is turned over before.
 * @throws HostError
 */
export function appendToLineLog(file: AbsPath, line: string, maxBytes: number): void {
  turnOver(file, maxBytes);
  appendLineDurably(file, line);
}

function turnOver(file: AbsPath, maxBytes: number): void {
  try {
    const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
    if (size < maxBytes) return;
    renameSync(file, `${file}.1`);
    syncDirectory(below(file, ".."));
  } catch (error) {
    throw hostError(error, `turning over ${file}`);
  }
}

/** The lines of both files, without empty ones. @throws HostError */
export function readLineLog(file: AbsPath): readonly string[] {
  return [`${file}.1`, file].flatMap((path) => readIfThere(path).split("\n")).filter((line) => line !== "");
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return "";
    throw hostError(error, `reading ${path}`);
  }
}
