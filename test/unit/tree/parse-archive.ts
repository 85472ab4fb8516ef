/** Runs the parser over an archive and keeps what it says. */
import type { TreeLimits } from "../../../src/tree/limits.ts";
import type { TarEntry } from "../../../src/tree/tar-entry.ts";
import { TarParser } from "../../../src/tree/tar-parser.ts";

export type ParsedEntry = TarEntry & { readonly content?: string };

/** @param chunkBytes how much the parser is given at a time */
export function parseArchive(
  bytes: Uint8Array,
  chunkBytes = bytes.length || 1,
  limits: Partial<TreeLimits> = {},
): ParsedEntry[] {
  const entries: ParsedEntry[] = [];
  const parser = new TarParser(
    {
      entry(entry) {
        if (entry.kind !== "file") {
          entries.push(entry);
          return undefined;
        }
        const parts: Buffer[] = [];
        return {
          write: (chunk) => parts.push(Buffer.from(chunk)),
          end: () => entries.push({ ...entry, content: Buffer.concat(parts).toString("latin1") }),
        };
      },
    },
    limits,
  );
  for (let at = 0; at < bytes.length; at += chunkBytes) parser.write(bytes.subarray(at, at + chunkBytes));
  parser.end();
  return entries;
}

/** The code of the error that `action` ends with, or what it returned. */
export function codeOf(action: () => unknown): unknown {
  try {
    return { returned: action() };
  } catch (error) {
    if (error instanceof Error && "code" in error) return error.code;
    throw error;
  }
}
