/**
 * Small JSON documents in the state directory, durable when written.
 *
 * Two versions of bootferry share them: after a fallback the older one reads what the newer one wrote. Fields that it
 * does not know are passed over (the schemas are not strict), so that adding one needs no new `version`; a field that is
 * added later has a default, for what the older one wrote. A document of another `version`, or in a state that this
 * bootferry does not know, cannot be read.
 *
 * A document that cannot be read is set aside under `<name>.damaged` and counts as absent: what the agent must not get
 * wrong is found again from the deployments themselves, so a damaged file is never a reason to stop.
 */
import { readFileSync, renameSync } from "node:fs";
import type { z } from "zod";
import { errnoOf } from "../error.ts";
import { writeDurably } from "../host/durable-write.ts";
import { hostError } from "../host/error.ts";
import { OciError } from "../oci/error.ts";
import { describeIssue } from "../oci/schema-issue.ts";
import { parseStrictJson } from "../oci/strict-json.ts";
import type { AbsPath } from "../path.ts";
import { isMediaFailure } from "../store/check-object.ts";

const LIMITS = { maxBytes: 4 << 20, maxDepth: 16 }; // the largest of ours has some 100 KiB and 6 levels

export type StateFile<T> =
  | { readonly kind: "read"; readonly value: T }
  | { readonly kind: "absent" }
  | { readonly kind: "damaged"; readonly why: string };

/** What is at `path`; changes nothing. @throws HostError when it is there and cannot be read */
export function peekStateFile<T>(path: AbsPath, schema: z.ZodType<T>): StateFile<T> {
  try {
    const bytes = readIfThere(path);
    if (bytes === undefined) return { kind: "absent" };
    const result = schema.safeParse(parseStrictJson(bytes, path, LIMITS));
    if (result.success) return { kind: "read", value: result.data };
    return { kind: "damaged", why: `${path} is malformed: ${describeIssue(result.error)}` };
  } catch (error) {
    if (error instanceof OciError) return { kind: "damaged", why: error.message };
    // A bad sector is damage like any other: it must not keep a system from ever being confirmed.
    if (isMediaFailure(error)) return { kind: "damaged", why: hostError(error, `reading ${path}`).message };
    throw hostError(error, `reading ${path}`);
  }
}

/**
 * The document at `path`, or undefined when there is none or none that can be read.
 * @param onDamaged told why a document was set aside
 * @throws HostError when the file is there and cannot be read or set aside
 */
export function readStateFile<T>(path: AbsPath, schema: z.ZodType<T>, onDamaged: (why: string) => void): T | undefined {
  const file = peekStateFile(path, schema);
  if (file.kind === "absent") return undefined;
  if (file.kind === "read") return file.value;
  try {
    renameSync(path, `${path}.damaged`);
  } catch (error) {
    throw hostError(error, `setting aside ${path}`);
  }
  onDamaged(`${file.why}; it was set aside as ${path}.damaged`);
  return undefined;
}

/** @throws HostError */
export function writeStateFile(path: AbsPath, value: unknown): void {
  writeDurably(path, `${JSON.stringify(value, null, 1)}\n`);
}

function readIfThere(path: AbsPath): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw error;
  }
}
