/**
 * What this device remembers of what it has trusted: the floors below which it installs nothing, and the newest time
 * that it has seen signed. One small JSON file, written durably.
 *
 * A missing file is a new device. A damaged one is an error and never a new device: else wearing out the flash would
 * be a way around the floors.
 */
import { readFileSync } from "node:fs";
import { z } from "zod";
import { errnoOf } from "../error.ts";
import { writeDurably } from "../host/durable-write.ts";
import { hostError } from "../host/error.ts";
import { DIGEST_PATTERN, type Digest } from "../oci/digest.ts";
import { OciError } from "../oci/error.ts";
import { describeIssue } from "../oci/schema-issue.ts";
import { parseStrictJson } from "../oci/strict-json.ts";
import type { AbsPath } from "../path.ts";
import { TrustError } from "./error.ts";
import { utcTimeSchema } from "./utc-time.ts";

const STATE_VERSION = 1;
const MAX_STATE_BYTES = 1 << 20; // thousands of followed names
const MAX_DEPTH = 4;

const digest = z.string().regex(DIGEST_PATTERN) as unknown as z.ZodType<Digest, string>;

// Loose: after a rollback an older bootferry finds what a newer one has added, and hands it on when it writes. Only what
// an older one would get wrong without knowing it takes a new version number.
const stateSchema = z.looseObject({
  version: z.literal(STATE_VERSION),
  floors: z.record(z.string(), z.looseObject({ sequence: z.int().min(1), payloadDigest: digest })),
  timeFloorUtc: utcTimeSchema.nullable(),
  rootVersion: z.int().min(0),
});

export type TrustState = Readonly<z.infer<typeof stateSchema>>;

/** What a device that has confirmed nothing knows. */
export const INITIAL_TRUST_STATE: TrustState = { version: 1, floors: {}, timeFloorUtc: null, rootVersion: 0 };

/**
 * The state in `path`, or the initial one when there is no such file.
 * @throws TrustError TRUST_STATE_INVALID, TRUST_STATE_VERSION; HostError HOST_PERMISSION, HOST_IO
 */
export function readTrustState(path: AbsPath): TrustState {
  const bytes = readIfThere(path);
  if (bytes === undefined) return INITIAL_TRUST_STATE;
  const json = parseJson(bytes, path);
  const version = json !== null && typeof json === "object" && "version" in json ? json.version : undefined;
  if (typeof version === "number" && version !== STATE_VERSION) {
    throw new TrustError("TRUST_STATE_VERSION", `${path}: expected version ${STATE_VERSION}, got ${version}`);
  }
  const parsed = stateSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new TrustError("TRUST_STATE_INVALID", `${path} is damaged: ${describeIssue(parsed.error)}`, {
    cause: parsed.error,
  });
}

/** Replaces the state in `path`, durably. @throws HostError HOST_NO_SPACE, HOST_READ_ONLY, HOST_PERMISSION, HOST_IO */
export function writeTrustState(path: AbsPath, state: TrustState): void {
  writeDurably(path, `${JSON.stringify(stateSchema.parse(state), null, 2)}\n`);
}

function readIfThere(path: AbsPath): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined; // nothing was ever confirmed here
    throw hostError(error, `reading ${path}`);
  }
}

function parseJson(bytes: Buffer, path: AbsPath): unknown {
  try {
    return parseStrictJson(bytes, path, { maxBytes: MAX_STATE_BYTES, maxDepth: MAX_DEPTH });
  } catch (error) {
    if (!(error instanceof OciError)) throw error;
    throw new TrustError("TRUST_STATE_INVALID", `${path} is damaged: ${error.message}`, { cause: error });
  }
}
