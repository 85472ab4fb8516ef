/**
 * The root document: which keys may sign what, how many of them it takes, and what is revoked. Its shape and the rules
 * that a schema cannot say (bundle-format/spec.md, section 3). Nothing here looks at signatures.
 */
import { z } from "zod";
import { DIGEST_PATTERN, type Digest } from "../oci/digest.ts";
import { describeIssue } from "../oci/schema-issue.ts";
import { parseStrictJson } from "../oci/strict-json.ts";
import { parseBase64 } from "./base64.ts";
import { MAX_PAYLOAD_BYTES } from "./dsse.ts";
import { TrustError } from "./error.ts";
import { KEY_ID_PATTERN, type KeyId, type PublicKey, parsePublicKeyDer } from "./keys.ts";
import { PLAIN_LINE } from "./plain-text.ts";
import { RELEASE_NAME_PATTERN } from "./release-name.ts";
import { utcTimeSchema } from "./utc-time.ts";

export const ROOT_SPEC_VERSION = "1";
const MAX_DEPTH = 6;
const MAX_ROLE_KEYS = 32; // as many as an envelope holds signatures
const MAX_KEYS = 3 * MAX_ROLE_KEYS;
const MAX_REVOKED = 4096; // ten a week for eight years
const MAX_NAMES = 256; // release names of one publisher
const MAX_DOWNGRADES = 256; // each is an exception that somebody has looked at
const MAX_SUCCESSORS = 16;

const keyId = z.string().regex(KEY_ID_PATTERN, "not a key id") as unknown as z.ZodType<KeyId, string>;
const digest = z.string().regex(DIGEST_PATTERN, "not a sha256 digest") as unknown as z.ZodType<Digest, string>;
const releaseName = z.string().regex(RELEASE_NAME_PATTERN, "not a release name");

/** Members named for releases. Names are looked at first: a record of zod's passes over "__proto__" in silence. */
function byReleaseName<T extends z.ZodType>(value: T) {
  return z
    .custom<object>(hasReleaseNames, `expected an object with at most ${MAX_NAMES} release names`)
    .pipe(z.record(releaseName, value))
    .meta({ maxProperties: MAX_NAMES });
}

function hasReleaseNames(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const names = Object.keys(value);
  return names.length <= MAX_NAMES && names.every((name) => RELEASE_NAME_PATTERN.test(name));
}

const roleSchema = z.strictObject({
  keyIds: z.array(keyId).min(1).max(MAX_ROLE_KEYS).describe("keys that may sign in this role"),
  threshold: z.int().min(1).max(MAX_ROLE_KEYS).describe("how many distinct keys of them must sign"),
});

export const rootDocumentSchema = z
  .strictObject({
    specVersion: z.literal(ROOT_SPEC_VERSION),
    version: z.int().min(1).describe("rises by one with each new root"),
    createdAt: utcTimeSchema,
    expiresAt: utcTimeSchema.nullable().describe("after this time releases are not accepted under this root"),
    keys: z
      .array(
        z.strictObject({
          keyId: keyId.describe("sha256 of publicKey, in hexadecimal"),
          keyType: z.literal("ed25519"),
          publicKey: z.base64().describe("SubjectPublicKeyInfo (RFC 8410) in DER"),
          label: z.string().max(128).regex(PLAIN_LINE, "control characters").describe("who holds the key, for people"),
        }),
      )
      .min(1)
      .max(MAX_KEYS),
    roles: z.strictObject({
      root: roleSchema.describe("signs root documents"),
      release: roleSchema.describe("signs releases"),
      countersign: roleSchema.optional().describe("when present, signs releases as well as role release"),
    }),
    revokedKeys: z.array(keyId).max(MAX_REVOKED).describe("keys that count for nothing any more"),
    revokedReleases: z.array(digest).max(MAX_REVOKED).describe("payload digests of releases that are withdrawn"),
    minSequences: byReleaseName(z.int().min(1))
      .optional()
      .describe("for each release name the lowest sequence that devices still take"),
    downgrades: z
      .array(digest)
      .max(MAX_DOWNGRADES)
      .optional()
      .describe("payload digests of releases that devices may go back to"),
    successors: byReleaseName(z.array(releaseName).min(1).max(MAX_SUCCESSORS))
      .optional()
      .describe("for each release name the names that a device which has it may follow instead"),
  })
  .describe("A root document of bootferry: keys, roles, thresholds and revocations");

export type RootDocument = Readonly<z.infer<typeof rootDocumentSchema>>;

/** `root` signs roots, `release` signs releases, `countersign` signs releases too where the root asks for it. */
export type Role = keyof RootDocument["roles"];

/** @throws TrustError TRUST_ROOT_INVALID, TRUST_ROOT_VERSION_UNSUPPORTED; OciError OCI_JSON_… */
export function parseRootDocument(payload: Uint8Array): RootDocument {
  const json = parseStrictJson(payload, "root document", { maxBytes: MAX_PAYLOAD_BYTES, maxDepth: MAX_DEPTH });
  const isOurs = json !== null && typeof json === "object" && "specVersion" in json;
  // BF-3.2: another version of the format may mean something else by any member, so nothing else is looked at
  if (isOurs && typeof json.specVersion === "string" && json.specVersion !== ROOT_SPEC_VERSION) {
    const got = JSON.stringify(json.specVersion);
    throw new TrustError("TRUST_ROOT_VERSION_UNSUPPORTED", `root document: expected specVersion "1", got ${got}`);
  }
  return acceptable(json);
}

/**
 * The document as JSON: members in the order of the spec, two spaces, a newline at the end.
 * @throws TrustError TRUST_ROOT_INVALID when devices would refuse it
 */
export function formatRootDocument(document: RootDocument): Buffer {
  return Buffer.from(`${JSON.stringify(withoutEmpty(acceptable(document)), null, 2)}\n`);
}

/** Optional members that say nothing are left out (BF-3.12), so that one document has one spelling. */
function withoutEmpty(document: RootDocument): RootDocument {
  const { minSequences = {}, downgrades = [], successors = {}, ...rest } = document;
  return {
    ...rest,
    ...(Object.keys(minSequences).length === 0 ? {} : { minSequences }),
    ...(downgrades.length === 0 ? {} : { downgrades }),
    ...(Object.keys(successors).length === 0 ? {} : { successors }),
  };
}

/** The document with its members in the order of the schema. */
function acceptable(json: unknown): RootDocument {
  const parsed = rootDocumentSchema.safeParse(json);
  if (!parsed.success) throw invalid(describeIssue(parsed.error), parsed.error);
  checkRules(parsed.data);
  return parsed.data;
}

/** The keys that may sign in `role`, revoked ones left out, and how many of them must. */
export function usableKeys(document: RootDocument, role: Role): readonly PublicKey[] {
  const ids = document.roles[role]?.keyIds ?? [];
  const listed = document.keys.filter((key) => ids.includes(key.keyId) && !document.revokedKeys.includes(key.keyId));
  return listed.map(publicKeyOfEntry);
}

function publicKeyOfEntry(entry: RootDocument["keys"][number]): PublicKey {
  const der = parseBase64(entry.publicKey);
  if (der === undefined) throw invalid(`key ${entry.keyId}: publicKey is not strict base64`);
  try {
    return parsePublicKeyDer(der);
  } catch (cause) {
    throw invalid(`key ${entry.keyId} is not an ed25519 key`, cause);
  }
}

function checkRules(document: RootDocument): void {
  refuseDuplicates(
    document.keys.map((key) => key.keyId),
    "keys",
  );
  for (const entry of document.keys) {
    const actual = publicKeyOfEntry(entry).keyId;
    if (actual !== entry.keyId) throw invalid(`key ${entry.keyId} has the id ${actual}`); // BF-3.4
  }
  for (const role of ["root", "release", "countersign"] as const) checkRole(document, role);
  const { release, countersign } = document.roles;
  // BF-3.7: a key in both roles would countersign itself
  const both = countersign?.keyIds.find((id) => release.keyIds.includes(id));
  if (both !== undefined) throw invalid(`key ${both} stands in role "release" and in role "countersign"`);
}

function checkRole(document: RootDocument, role: Role): void {
  const entry = document.roles[role];
  if (entry === undefined) return;
  refuseDuplicates(entry.keyIds, `role "${role}"`); // BF-3.5
  const unknown = entry.keyIds.find((id) => !document.keys.some((key) => key.keyId === id));
  if (unknown !== undefined) throw invalid(`role "${role}" names key ${unknown}, which is not listed`);
  const usable = usableKeys(document, role).length;
  if (usable < entry.threshold) {
    throw invalid(`role "${role}" wants ${entry.threshold} signatures and has ${usable} keys that are not revoked`); // BF-3.6
  }
}

function refuseDuplicates(values: readonly string[], where: string): void {
  const twice = values.find((value, index) => values.indexOf(value) !== index);
  if (twice !== undefined) throw invalid(`${where}: ${twice} stands twice`);
}

function invalid(why: string, cause?: unknown): TrustError {
  return new TrustError("TRUST_ROOT_INVALID", `root document is not acceptable: ${why}`, { cause });
}
