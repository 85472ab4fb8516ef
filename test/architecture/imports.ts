/** Reads the import graph of `src/` from its source text. Type-only imports count: they couple rooms as values do. */
import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

export interface ImportEdge {
  /** Path of the importing file below `src/`. */
  readonly file: string;
  /** Path below `src/` of an imported source file, or the name of a foreign module. */
  readonly target: string;
  readonly isForeign: boolean;
  readonly isTypeOnly: boolean;
}

export const SOURCE_ROOT = join(import.meta.dirname, "..", "..", "src");
const IMPORT = /^\s*(?:import|export)\s+(type\s+)?(?:[^"';]*?from\s+)?"([^"]+)"|\bimport\(\s*"([^"]+)"\s*\)/gm;

export function sourceFiles(): string[] {
  return globSync("**/*.ts", { cwd: SOURCE_ROOT }).sort();
}

export function readImports(file: string, text = readFileSync(join(SOURCE_ROOT, file), "utf8")): ImportEdge[] {
  return [...text.matchAll(IMPORT)].map((match) => {
    const specifier = match[2] ?? match[3] ?? "";
    const isForeign = !specifier.startsWith(".");
    const target = isForeign ? specifier : normalize(join(dirname(file), specifier));
    return { file, target, isForeign, isTypeOnly: match[1] !== undefined };
  });
}

/** The room of a file below `src/`: its first folder, or the file's own name at the top level. */
export function roomOf(file: string): string {
  return file.split("/")[0] ?? file;
}
