/**
 * What this program has brought into a container storage, so that it takes away no image but its own.
 *
 *     <directory>/apps.json     replaced durably, before an image is loaded and after one was removed
 *
 * Two versions of this program share it: unknown keys are passed over. One that cannot be read counts as absent; then
 * nothing is ours, and nothing is removed.
 */
import { readFileSync } from "node:fs";
import { z } from "zod";
import { errnoOf } from "../../error.ts";
import { writeDurably } from "../../host/durable-write.ts";
import { hostError } from "../../host/error.ts";
import { DIGEST_PATTERN, type Digest } from "../../oci/digest.ts";
import { OciError } from "../../oci/error.ts";
import { parseStrictJson } from "../../oci/strict-json.ts";
import { type AbsPath, below } from "../../path.ts";

const LIMITS = { maxBytes: 1 << 20, maxDepth: 8 }; // 256 apps of several systems have 300 KiB and four levels

const digest = z.string().regex(DIGEST_PATTERN) as unknown as z.ZodType<Digest, string>;
const pinSchema = z.object({ name: z.string(), digest });

const recordSchema = z.object({
  version: z.literal(1),
  /** What was loaded, or was about to be. */
  loaded: z.array(pinSchema).default([]),
  /** By the manifest digest of a system image, where its deployments have no room for it: what belongs to it. */
  bindings: z.record(digest, z.array(pinSchema)).default({}),
});

export type AppRecord = Readonly<z.infer<typeof recordSchema>>;

const NO_RECORD: AppRecord = { version: 1, loaded: [], bindings: {} };

/** @throws HostError when it is there and may not be read */
export function readAppRecord(directory: AbsPath): AppRecord {
  const path = recordFile(directory);
  try {
    const result = recordSchema.safeParse(parseStrictJson(readFileSync(path), path, LIMITS));
    return result.success ? result.data : NO_RECORD;
  } catch (error) {
    if (error instanceof OciError || errnoOf(error) === "ENOENT") return NO_RECORD;
    throw hostError(error, `reading ${path}`);
  }
}

/** Replaces the record by what `change` makes of it; writes nothing when that is the same. @throws HostError */
export function changeAppRecord(directory: AbsPath, change: (record: AppRecord) => AppRecord): void {
  const record = readAppRecord(directory);
  const changed = change(record);
  if (JSON.stringify(changed) === JSON.stringify(record)) return;
  writeDurably(recordFile(directory), `${JSON.stringify(changed, null, 1)}\n`);
}

function recordFile(directory: AbsPath): AbsPath {
  return below(directory, "apps.json");
}
