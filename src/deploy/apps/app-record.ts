/**
 * What this program has brought into a container storage, so that it takes away no image but its own.
 *
 *     <directory>/apps.json     replaced durably, before an image is loaded and after one was removed
 *
 * One that cannot be read counts as absent; then nothing is ours, and nothing is removed.
 */
import { z } from "zod";
import { DIGEST_PATTERN, type Digest } from "../../oci/digest.ts";
import { type AbsPath, below } from "../../path.ts";
import { openRecordFile } from "../record-file.ts";

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
  return recordOf(directory).read();
}

/** Replaces the record by what `change` makes of it. @throws HostError */
export function changeAppRecord(directory: AbsPath, change: (record: AppRecord) => AppRecord): void {
  recordOf(directory).change(change);
}

function recordOf(directory: AbsPath) {
  return openRecordFile<AppRecord>(below(directory, "apps.json"), recordSchema, NO_RECORD);
}
