/**
 * A JSON document in which a backend keeps what it must not forget, replaced durably.
 *
 * Two versions of this program share such a document: unknown keys are passed over, new ones have a default. One that
 * cannot be read counts as absent.
 */
import { readFileSync } from "node:fs";
import type { z } from "zod";
import { errnoOf } from "../error.ts";
import { writeDurably } from "../host/durable-write.ts";
import { hostError } from "../host/error.ts";
import { OciError } from "../oci/error.ts";
import { parseStrictJson } from "../oci/strict-json.ts";
import type { AbsPath } from "../path.ts";

const LIMITS = { maxBytes: 1 << 20, maxDepth: 8 }; // the largest, of 256 apps of several systems, has 300 KiB and four levels

export interface RecordFile<Content> {
  read(): Content;
  /** Replaces the document by what `change` makes of it; writes nothing when that is the same. @returns what it says now */
  change(change: (content: Content) => Content): Content;
}

/**
 * Its verbs throw a HostError when the document is there and may not be read, or cannot be written.
 * @param absent what counts where there is none
 */
export function openRecordFile<Content>(
  path: AbsPath,
  schema: z.ZodType<Content, unknown>,
  absent: Content,
): RecordFile<Content> {
  const read = () => {
    try {
      const result = schema.safeParse(parseStrictJson(readFileSync(path), path, LIMITS));
      return result.success ? result.data : absent;
    } catch (error) {
      if (error instanceof OciError || errnoOf(error) === "ENOENT") return absent;
      throw hostError(error, `reading ${path}`);
    }
  };
  return {
    read,
    change(change) {
      const content = read();
      const changed = change(content);
      if (JSON.stringify(changed) === JSON.stringify(content)) return content;
      writeDurably(path, `${JSON.stringify(changed, null, 1)}\n`);
      return changed;
    },
  };
}
