/** What receipts and visits have in common: strict JSON of a version that is known, in one spelling, signed by one device. */
import type { z } from "zod";
import { describeIssue } from "../oci/schema-issue.ts";
import { parseStrictJson } from "../oci/strict-json.ts";
import { type Envelope, signPayload, verifyEnvelope } from "../trust/dsse.ts";
import type { KeyId, PublicKey } from "../trust/keys.ts";
import type { Signer } from "../trust/signer.ts";
import { ReceiptError } from "./error.ts";

export const DOCUMENT_SPEC_VERSION = "1";

/** Bounds of a payload (BF-9.2): the longest that we write, with texts and lists at their limits, has some 20 KiB. */
const LIMITS = { maxBytes: 64 << 10, maxDepth: 4 };

export interface DocumentKind<T> {
  /** In messages: `receipt`. */
  readonly what: string;
  readonly payloadType: string;
  readonly schema: z.ZodType<T>;
}

/** @throws ReceiptError RECEIPT_INVALID, RECEIPT_SPEC_VERSION_UNSUPPORTED; OciError OCI_JSON_… */
export function parseDocument<T>({ what, schema }: DocumentKind<T>, payload: Uint8Array): T {
  const json = parseStrictJson(payload, what, LIMITS);
  const version = json !== null && typeof json === "object" && "specVersion" in json ? json.specVersion : undefined;
  if (typeof version === "string" && version !== DOCUMENT_SPEC_VERSION) {
    const got = JSON.stringify(version); // BF-9.2: another version may mean something else by any member
    throw new ReceiptError("RECEIPT_SPEC_VERSION_UNSUPPORTED", `${what}: expected specVersion "1", got ${got}`);
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new ReceiptError("RECEIPT_INVALID", `${what} is malformed: ${describeIssue(parsed.error)}`, {
    cause: parsed.error,
  });
}

/** One line, members in the order of the schema. @throws as {@link parseDocument} when it would not be read */
export function formatDocument<T>(kind: DocumentKind<T>, document: T): Buffer {
  const parsed = kind.schema.safeParse(document);
  if (!parsed.success) throw new ReceiptError("RECEIPT_INVALID", `${kind.what}: ${describeIssue(parsed.error)}`);
  const bytes = Buffer.from(JSON.stringify(parsed.data));
  parseDocument(kind, bytes);
  return bytes;
}

export function signDocument<T>(kind: DocumentKind<T>, document: T, signer: Signer): Promise<Envelope> {
  return signPayload(kind.payloadType, formatDocument(kind, document), [signer]);
}

export interface VerifiedDocument<T> {
  readonly document: T;
  readonly payload: Buffer;
  readonly signedBy: KeyId;
}

/**
 * BF-9.1: the type first, then the signature of this one key over the bytes as received, then the content.
 * @throws TrustError TRUST_PAYLOAD_TYPE, TRUST_SIGNATURE_INVALID, TRUST_KEY_UNKNOWN; as {@link parseDocument}
 */
export function verifyDocument<T>(kind: DocumentKind<T>, envelope: Envelope, key: PublicKey): VerifiedDocument<T> {
  const { payload } = verifyEnvelope(envelope, {
    payloadType: kind.payloadType,
    role: kind.what,
    keys: [key],
    threshold: 1,
  });
  return { document: parseDocument(kind, payload), payload, signedBy: key.keyId };
}
