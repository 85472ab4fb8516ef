/**
 * DSSE envelopes (secure-systems-lab/dsse, protocol v1.0.2), made stricter: one encoding of base64, no unknown members,
 * a key id on each signature, bounded counts and sizes. See bundle-format/spec.md, section 2.
 *
 * What is signed is the pre-authentication encoding of type and payload, so an envelope of one type can never be read
 * as another; what is believed is the payload as received, never a document that was parsed and written again.
 */
import { z } from "zod";
import { describeIssue } from "../oci/schema-issue.ts";
import { parseStrictJson } from "../oci/strict-json.ts";
import { parseBase64 } from "./base64.ts";
import { isSignatureOf, SIGNATURE_BYTES } from "./ed25519.ts";
import { TrustError } from "./error.ts";
import { KEY_ID_PATTERN, type KeyId, type PublicKey } from "./keys.ts";
import type { Signer } from "./signer.ts";

export const ENVELOPE_MEDIA_TYPE = "application/vnd.dsse.envelope.v1+json";
export const MAX_PAYLOAD_BYTES = 1 << 20; // a statement that lists 20,000 devices by name fits
export const MAX_ENVELOPE_BYTES = 2 << 20; // the payload in base64, the signatures and slack
export const MAX_SIGNATURES = 32; // verification costs about a millisecond each
const MAX_DEPTH = 4; // the envelope has three levels

export interface EnvelopeSignature {
  readonly keyId: KeyId;
  readonly sig: Uint8Array;
}

export interface Envelope {
  readonly payloadType: string;
  readonly payload: Buffer;
  readonly signatures: readonly EnvelopeSignature[];
}

/** Whose signatures count, and how many distinct ones of them are wanted. */
export interface SignatureRule {
  readonly payloadType: string;
  /** For messages: `release`, `root`, … */
  readonly role: string;
  readonly keys: readonly PublicKey[];
  readonly threshold: number;
  /** Keys that count for nothing here, known only so that an error can say why: revoked ones, and those of other roles. */
  readonly revokedKeys?: readonly KeyId[];
  readonly otherKeys?: readonly KeyId[];
}

export interface VerifiedPayload {
  readonly payload: Buffer;
  /** The distinct keys whose signatures count, sorted. */
  readonly signedBy: readonly KeyId[];
}

const signatureSchema = z.strictObject({
  keyid: z.string().regex(KEY_ID_PATTERN).describe("sha256 of the key's SubjectPublicKeyInfo, in hexadecimal"),
  sig: z.base64().describe("64 bytes of an ed25519 signature (RFC 8032) over PAE(payloadType, payload)"),
});

/** The envelope's JSON; member names are DSSE's. */
export const envelopeSchema = z
  .strictObject({
    payloadType: z.string().min(1).max(128).describe("media type of the payload; it is signed with it"),
    payload: z.base64().describe("the signed document, byte for byte, in padded standard base64"),
    signatures: z.array(signatureSchema).min(1).max(MAX_SIGNATURES),
  })
  .describe("A DSSE envelope: a signed document of any type");

const envelopeToSignSchema = envelopeSchema.extend({ signatures: z.array(signatureSchema).max(MAX_SIGNATURES) });

/** DSSE's pre-authentication encoding: the bytes that are signed. */
export function preAuthEncoding(payloadType: string, payload: Uint8Array): Buffer {
  const type = Buffer.from(payloadType, "utf8");
  return Buffer.concat([Buffer.from(`DSSEv1 ${type.length} `), type, Buffer.from(` ${payload.length} `), payload]);
}

/** @throws TrustError TRUST_ENVELOPE_INVALID; OciError OCI_JSON_… */
export function parseEnvelope(bytes: Uint8Array): Envelope {
  return parse(bytes, envelopeSchema); // BF-2.3
}

/**
 * As {@link parseEnvelope}, and for an envelope that nobody has signed yet: what is handed to the holders of keys. Never
 * for what comes from a medium.
 * @throws as {@link parseEnvelope}
 */
export function parseEnvelopeToSign(bytes: Uint8Array): Envelope {
  return parse(bytes, envelopeToSignSchema);
}

function parse(bytes: Uint8Array, schema: typeof envelopeSchema | typeof envelopeToSignSchema): Envelope {
  const json = parseStrictJson(bytes, "envelope", { maxBytes: MAX_ENVELOPE_BYTES, maxDepth: MAX_DEPTH });
  const parsed = schema.safeParse(json);
  if (!parsed.success) throw invalid(describeIssue(parsed.error), parsed.error);
  const { payloadType, payload: payloadText, signatures } = parsed.data;
  const payload = parseBase64(payloadText);
  if (payload === undefined) throw invalid("payload is not strict base64"); // BF-2.4
  if (payload.length > MAX_PAYLOAD_BYTES) throw invalid(`payload has over ${MAX_PAYLOAD_BYTES} bytes`);
  return { payloadType, payload, signatures: signatures.map(parseSignature) };
}

function parseSignature({ keyid, sig: text }: { keyid: string; sig: string }): EnvelopeSignature {
  const sig = parseBase64(text);
  if (sig?.length !== SIGNATURE_BYTES)
    throw invalid(`signature of key ${keyid} is not ${SIGNATURE_BYTES} bytes in base64`);
  return { keyId: keyid as KeyId, sig };
}

function invalid(why: string, cause?: unknown): TrustError {
  return new TrustError("TRUST_ENVELOPE_INVALID", `envelope is malformed: ${why}`, { cause });
}

/** The envelope as JSON: members in DSSE's order, signatures sorted by key id, one line and a newline. */
export function formatEnvelope(envelope: Envelope): Buffer {
  const signatures = envelope.signatures
    .map(({ keyId, sig }) => ({ keyid: keyId as string, sig: Buffer.from(sig).toString("base64") }))
    .toSorted((a, b) => (a.keyid < b.keyid ? -1 : a.keyid > b.keyid ? 1 : 0));
  const { payloadType, payload } = envelope;
  return Buffer.from(`${JSON.stringify({ payloadType, payload: payload.toString("base64"), signatures })}\n`);
}

/** Wraps and signs `payload`. @throws whatever a signer throws; TrustError TRUST_ENVELOPE_INVALID when it is too large */
export async function signPayload(
  payloadType: string,
  payload: Uint8Array,
  signers: readonly Signer[],
): Promise<Envelope> {
  if (payload.length > MAX_PAYLOAD_BYTES) throw invalid(`payload has over ${MAX_PAYLOAD_BYTES} bytes`);
  return addSignatures({ payloadType, payload: Buffer.from(payload), signatures: [] }, signers);
}

/** {@link addSignature} for each signer, one by one: each may ask for a PIN. */
export async function addSignatures(envelope: Envelope, signers: readonly Signer[]): Promise<Envelope> {
  let signed = envelope;
  for (const signer of signers) signed = await addSignature(signed, signer);
  return signed;
}

/** The envelope with one signature more; one that this key has made before is replaced. */
export async function addSignature(envelope: Envelope, signer: Signer): Promise<Envelope> {
  const { keyId } = signer.publicKey;
  const others = envelope.signatures.filter((signature) => signature.keyId !== keyId);
  if (others.length >= MAX_SIGNATURES) throw invalid(`it has ${MAX_SIGNATURES} signatures, which is the most allowed`);
  const sig = await signer.sign(preAuthEncoding(envelope.payloadType, envelope.payload));
  return { ...envelope, signatures: [...others, { keyId, sig }] };
}

/**
 * The payload of `envelope`, when enough of the rule's keys have signed it. Signatures of other keys are ignored.
 * @throws TrustError TRUST_PAYLOAD_TYPE (before any signature is looked at), TRUST_SIGNATURE_INVALID,
 * TRUST_KEY_REVOKED, TRUST_THRESHOLD_NOT_MET, TRUST_ROLE_MISSING, TRUST_KEY_UNKNOWN
 */
export function verifyEnvelope(envelope: Envelope, rule: SignatureRule): VerifiedPayload {
  if (envelope.payloadType !== rule.payloadType) {
    const got = JSON.stringify(envelope.payloadType);
    throw new TrustError("TRUST_PAYLOAD_TYPE", `payload type: expected "${rule.payloadType}", got ${got}`); // BF-2.5
  }
  const keys = new Map(rule.keys.map((key) => [key.keyId, key]));
  const message = preAuthEncoding(envelope.payloadType, envelope.payload);
  const good = new Set<KeyId>(); // BF-2.7: distinct keys are counted, never signatures
  let bad: KeyId | undefined;
  for (const { keyId, sig } of envelope.signatures) {
    const key = keys.get(keyId);
    if (key === undefined || good.has(keyId)) continue; // BF-2.8: unknown keys say nothing, for or against
    if (isSignatureOf(sig, message, key.raw)) good.add(keyId);
    else bad = keyId;
  }
  if (good.size >= rule.threshold) return { payload: envelope.payload, signedBy: [...good].sort() };
  throw shortage(envelope, rule, good.size, bad);
}

/** Says the most telling thing about a shortage of signatures. */
function shortage(envelope: Envelope, rule: SignatureRule, count: number, bad: KeyId | undefined): TrustError {
  if (bad !== undefined) {
    return new TrustError(
      "TRUST_SIGNATURE_INVALID",
      `the signature of key ${bad} does not fit the ${rule.role} payload`,
    );
  }
  const revoked = envelope.signatures.find(({ keyId }) => rule.revokedKeys?.includes(keyId));
  if (revoked !== undefined) {
    return new TrustError(
      "TRUST_KEY_REVOKED",
      `key ${revoked.keyId}, which signed for role "${rule.role}", is revoked`,
    );
  }
  const expected = `expected ${rule.threshold} key${rule.threshold === 1 ? "" : "s"}, got ${count}`;
  if (count > 0) {
    return new TrustError(
      "TRUST_THRESHOLD_NOT_MET",
      `signature threshold not met for role "${rule.role}": ${expected}`,
    );
  }
  const other = envelope.signatures.find(({ keyId }) => rule.otherKeys?.includes(keyId));
  if (other !== undefined) {
    return new TrustError(
      "TRUST_ROLE_MISSING",
      `no key of role "${rule.role}" has signed; key ${other.keyId} has another role`,
    );
  }
  const signers = envelope.signatures.map(({ keyId }) => keyId).join(", ");
  return new TrustError("TRUST_KEY_UNKNOWN", `no key that the root names has signed; signed by ${signers || "nobody"}`);
}
