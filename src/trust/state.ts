/**
 * What this device remembers of what it has trusted: its root, the floors below which it installs nothing, and the newest
 * time that it has seen signed. One JSON document; state-copies.ts keeps two of it.
 *
 *     version 1    floors and time floor; read and carried over
 *     version 2    and the root, the chain that led to it, the followed name, and which of two copies is the newer
 */
import { z } from "zod";
import { CodedError } from "../error.ts";
import { DIGEST_PATTERN, type Digest } from "../oci/digest.ts";
import { OciError } from "../oci/error.ts";
import { describeIssue } from "../oci/schema-issue.ts";
import { parseStrictJson } from "../oci/strict-json.ts";
import { TrustError } from "./error.ts";
import { parseRoot, type TrustedRoot } from "./root.ts";
import { utcTimeSchema } from "./utc-time.ts";

const STATE_VERSION = 2;
const MAX_STATE_BYTES = 8 << 20; // the envelope of a root (2 MiB at most, escaped) and thousands of names
const MAX_DEPTH = 4;

const digest = z.string().regex(DIGEST_PATTERN) as unknown as z.ZodType<Digest, string>;

const remembered = {
  floors: z.record(z.string(), z.looseObject({ sequence: z.int().min(1), payloadDigest: digest })),
  timeFloorUtc: utcTimeSchema.nullable(),
};

const firstSchema = z.looseObject({ version: z.literal(1), ...remembered, rootVersion: z.int().min(0) });

const rootName = { version: z.int().min(1), digest };

// Loose: after a rollback an older bootferry finds what a newer one has added, and hands it on when it writes. Only what
// an older one would get wrong without knowing it takes a new version number.
const stateSchema = z.looseObject({
  version: z.literal(STATE_VERSION),
  /** Rises with each write: of two copies the higher one counts. */
  serial: z.int().min(0),
  /** The newest root that was trusted, with its envelope as text; null before the first one. */
  root: z.looseObject({ ...rootName, envelope: z.string() }).nullable(),
  /** The roots that were trusted here one after the other, the newest last. */
  chain: z.array(z.looseObject(rootName)),
  ...remembered,
  /** The name of the release that was confirmed last; null before the first one. */
  followedName: z.string().nullable(),
  /** Payload digests of releases that stay on the device and raise no floor: a root has taken back who signed them. */
  disregarded: z.array(digest),
});

export type TrustState = Readonly<z.infer<typeof stateSchema>>;

/** What a device that has confirmed nothing knows. */
export const INITIAL_TRUST_STATE: TrustState = {
  ...{ version: STATE_VERSION, serial: 0, root: null, chain: [], floors: {} },
  ...{ timeFloorUtc: null, followedName: null, disregarded: [] },
};

/**
 * Reads a copy of the state; one of an older version is carried over.
 * @param label what it is called in messages
 * @throws TrustError TRUST_STATE_INVALID; TRUST_STATE_VERSION for one that a newer bootferry wrote
 */
export function parseTrustState(bytes: Uint8Array, label: string): TrustState {
  const json = parseJson(bytes, label);
  const version = json !== null && typeof json === "object" && "version" in json ? json.version : undefined;
  if (typeof version === "number" && version > STATE_VERSION) {
    throw new TrustError("TRUST_STATE_VERSION", `${label}: expected version ${STATE_VERSION}, got ${version}`);
  }
  const parsed = version === 1 ? firstSchema.safeParse(json) : stateSchema.safeParse(json);
  if (!parsed.success) throw damaged(label, describeIssue(parsed.error), parsed.error);
  const state = parsed.data.version === 1 ? carriedOver(parsed.data) : parsed.data;
  requireWholeRoot(state, label);
  return state;
}

/** @throws when it would not be read */
export function formatTrustState(state: TrustState): string {
  return `${JSON.stringify(stateSchema.parse(state), null, 2)}\n`;
}

/** The root that the state remembers, checked against its own root role. */
export function rememberedRoot({ root }: TrustState): TrustedRoot | undefined {
  return root === null ? undefined : parseRoot(Buffer.from(root.envelope));
}

/** Its followed name is set when the running release is next looked at. */
function carriedOver({ version: _1, rootVersion: _2, ...rest }: z.infer<typeof firstSchema>): TrustState {
  return { ...INITIAL_TRUST_STATE, ...rest };
}

function requireWholeRoot(state: TrustState, label: string): void {
  try {
    const root = rememberedRoot(state);
    if (root === undefined || (root.digest === state.root?.digest && root.version === state.root.version)) return;
    throw damaged(label, `its root is ${root.digest}, version ${root.version}, and not the one that it names`);
  } catch (error) {
    if (!(error instanceof CodedError) || error.code === "TRUST_STATE_INVALID") throw error;
    throw damaged(label, `its root: ${error.message}`, error);
  }
}

function parseJson(bytes: Uint8Array, label: string): unknown {
  try {
    return parseStrictJson(bytes, label, { maxBytes: MAX_STATE_BYTES, maxDepth: MAX_DEPTH });
  } catch (error) {
    if (error instanceof OciError) throw damaged(label, error.message, error);
    throw error;
  }
}

function damaged(label: string, why: string, cause?: unknown): TrustError {
  return new TrustError("TRUST_STATE_INVALID", `${label} is damaged: ${why}`, { cause });
}
