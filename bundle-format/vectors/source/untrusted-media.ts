/** Media whose release must not be believed: signatures, keys, revocations and envelopes. */

import { createHash } from "node:crypto";
import { formatStatement } from "../../../src/bundle/statement.ts";
import { preAuthEncoding } from "../../../src/trust/dsse.ts";
import { publicKeyOf } from "../../../src/trust/keys.ts";
import { ROOT_PAYLOAD_TYPE } from "../../../src/trust/root.ts";
import { buildImage } from "./image.ts";
import { MediumDraft } from "./medium-draft.ts";
import { CONTEXT, envelopeOf, goodMedium, rootEnvelope, SINGLE_ROOT, statementOf } from "./parts.ts";
import { type TestKeyName, testKey } from "./test-keys.ts";
import type { Vector, VectorContext } from "./vector.ts";

/** The order of the group in which ed25519 signatures count (RFC 8032, section 5.1). */
const GROUP_ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;

interface Case {
  readonly name: string;
  readonly clause: string | readonly string[];
  readonly about: string;
  readonly code: string;
  readonly signers?: readonly TestKeyName[];
  readonly context?: Partial<VectorContext>;
  /** Changes the finished envelope. */
  readonly change?: (envelope: Envelope) => unknown;
}

interface Envelope {
  payloadType: string;
  payload: string;
  signatures: { keyid: string; sig: string }[];
}

const CASES: readonly Case[] = [
  {
    name: "wrong-key",
    clause: "BF-2.8",
    about: "Signed by a key that the root does not name.",
    code: "TRUST_KEY_UNKNOWN",
    signers: ["stranger"],
  },
  {
    name: "wrong-role",
    clause: "BF-3.8",
    about: "Signed by a key that the root names, but only for role root.",
    code: "TRUST_ROLE_MISSING",
    signers: ["root-a"],
  },
  {
    name: "countersignature-missing",
    clause: "BF-3.8",
    about: "The root asks for a countersignature that the release does not have.",
    code: "TRUST_ROLE_MISSING",
    context: { root: "countersigned" },
  },
  {
    name: "threshold-not-met",
    clause: "BF-2.7",
    about: "One signature where two are wanted.",
    code: "TRUST_THRESHOLD_NOT_MET",
    context: { root: "two-of-three" },
  },
  {
    name: "one-key-signing-twice",
    clause: "BF-2.7",
    about: "Two signatures of one key where two keys are wanted.",
    code: "TRUST_THRESHOLD_NOT_MET",
    context: { root: "two-of-three" },
    change: (it) => ({ ...it, signatures: [...it.signatures, ...it.signatures] }),
  },
  {
    name: "key-revoked",
    clause: "BF-3.9",
    about: "The signing key is revoked by the root.",
    code: "TRUST_KEY_REVOKED",
    context: { root: "key-revoked" },
  },
  {
    name: "release-revoked",
    clause: "BF-3.10",
    about: "The payload digest of the release is revoked by the root.",
    code: "TRUST_RELEASE_REVOKED",
    context: { root: "release-revoked" },
  },
  {
    name: "payload-changed",
    clause: "BF-2.6",
    about: "The sequence was raised after signing.",
    code: "TRUST_SIGNATURE_INVALID",
    change: (it) => ({ ...it, payload: edit(it.payload, '"sequence": 42', '"sequence": 43') }),
  },
  {
    name: "payload-reformatted",
    clause: "BF-2.6",
    about: "The same JSON, written without white space: other bytes, so another document.",
    code: "TRUST_SIGNATURE_INVALID",
    change: (it) => ({ ...it, payload: compact(it.payload) }),
  },
  {
    name: "signature-not-canonical",
    clause: "BF-2.9",
    about: "S + L in the place of S: lax verifiers take it for a second signature of the same bytes.",
    code: "TRUST_SIGNATURE_INVALID",
    change: (it) => withSignature(it, addGroupOrder),
  },
  {
    name: "signature-point-not-canonical",
    clause: "BF-2.9",
    about: "R is the neutral element in its second spelling, y = p + 1: readers that follow ZIP 215 take it.",
    code: "TRUST_SIGNATURE_INVALID",
    change: (it) => withSignature(it, () => laxSignature(it, 0xee).toString("base64")),
  },
  {
    name: "signature-fits-with-cofactor-only",
    clause: ["BF-2.9", "BF-2.6"],
    about: "R is the point of order 2: readers that multiply the equation by the cofactor take it, OpenSSL does not.",
    code: "TRUST_SIGNATURE_INVALID",
    change: (it) => withSignature(it, () => laxSignature(it, 0xec).toString("base64")),
  },
  {
    name: "payload-type-changed",
    clause: "BF-2.5",
    about: "The envelope says that it holds a root document.",
    code: "TRUST_PAYLOAD_TYPE",
    change: (it) => ({ ...it, payloadType: ROOT_PAYLOAD_TYPE }),
  },
  {
    name: "envelope-member-unknown",
    clause: "BF-2.3",
    about: "The envelope has a member that the spec does not have.",
    code: "TRUST_ENVELOPE_INVALID",
    change: (it) => ({ ...it, comment: "hello" }),
  },
  {
    name: "envelope-without-signatures",
    clause: "BF-2.3",
    about: "The list of signatures is empty.",
    code: "TRUST_ENVELOPE_INVALID",
    change: (it) => ({ ...it, signatures: [] }),
  },
  {
    name: "envelope-too-many-signatures",
    clause: "BF-2.3",
    about: "33 signatures: each costs the device time before anything is believed.",
    code: "TRUST_ENVELOPE_INVALID",
    change: (it) => ({ ...it, signatures: Array.from({ length: 33 }, () => it.signatures[0]) }),
  },
  {
    name: "payload-base64-with-line-breaks",
    clause: "BF-2.4",
    about: "The payload is broken into lines.",
    code: "TRUST_ENVELOPE_INVALID",
    change: (it) => ({ ...it, payload: it.payload.replace(/(.{64})/g, "$1\n") }),
  },
  {
    name: "signature-base64-unpadded",
    clause: "BF-2.4",
    about: "The signature lacks its padding.",
    code: "TRUST_ENVELOPE_INVALID",
    change: (it) => withSignature(it, (sig) => sig.toString("base64").replace(/=+$/, "")),
  },
  {
    name: "signature-base64-stray-bits",
    clause: "BF-2.4",
    about: "The last digit of the signature has bits that stand for nothing.",
    code: "TRUST_ENVELOPE_INVALID",
    change: (it) => withSignature(it, (sig) => strayBits(sig.toString("base64"))),
  },
];

export async function untrustedMedia(): Promise<readonly Vector[]> {
  return [...(await Promise.all(CASES.map(vectorOf))), await rootAsRelease(), await rootOfAStranger()];
}

async function vectorOf({ name, clause, about, code, signers, context, change }: Case): Promise<Vector> {
  const { envelope, statement, image } = await goodMedium({}, signers);
  const parsed = JSON.parse(envelope.toString()) as Envelope;
  const changed = change === undefined ? envelope : Buffer.from(JSON.stringify(change(parsed)));
  const medium = new MediumDraft().addImage(image, statement);
  medium.addRelease(changed, statement);
  return {
    name,
    kind: "medium",
    clauses: [clause].flat(),
    about,
    files: medium.files(),
    context: { ...CONTEXT, ...context },
    expect: { result: "refused", code },
  };
}

/** A good statement, signed by the right key, but as a root document: what was signed says so. */
async function rootAsRelease(): Promise<Vector> {
  const image = await buildImage({ version: "42.3.1" });
  const statement = statementOf(image);
  const medium = new MediumDraft().addImage(image, statement);
  medium.addRelease(await envelopeOf(formatStatement(statement), ["release-a"], ROOT_PAYLOAD_TYPE), statement);
  return {
    name: "root-envelope-as-release",
    kind: "medium",
    clauses: ["BF-2.5"],
    about: "An envelope of type root stands where a release should be.",
    files: medium.files(),
    context: CONTEXT,
    expect: { result: "refused", code: "TRUST_PAYLOAD_TYPE" },
  };
}

/** Whoever makes a release can make a root that vouches for it. */
async function rootOfAStranger(): Promise<Vector> {
  const { medium } = await goodMedium({}, ["stranger"]);
  const keys = [publicKeyOf(testKey("stranger"))];
  const roles = { root: { keys, threshold: 1 }, release: { keys, threshold: 1 } };
  medium.addRoot(await rootEnvelope({ ...SINGLE_ROOT, version: 2, roles }, ["stranger"]), 2);
  return {
    name: "root-of-a-stranger",
    kind: "medium",
    clauses: ["BF-3.11", "BF-2.8"],
    about: "A root of version 2 on the medium names the key that signed the release; the device trusts another root.",
    files: medium.files(),
    context: CONTEXT,
    expect: { result: "refused", code: "TRUST_KEY_UNKNOWN" },
  };
}

function edit(payload: string, from: string, to: string): string {
  return Buffer.from(Buffer.from(payload, "base64").toString().replace(from, to)).toString("base64");
}

function compact(payload: string): string {
  return Buffer.from(JSON.stringify(JSON.parse(Buffer.from(payload, "base64").toString()))).toString("base64");
}

function withSignature(envelope: Envelope, change: (sig: Buffer) => string): Envelope {
  const signatures = envelope.signatures.map(({ keyid, sig }) => ({ keyid, sig: change(Buffer.from(sig, "base64")) }));
  return { ...envelope, signatures };
}

function addGroupOrder(sig: Buffer): string {
  const raised = toLittleEndian(fromLittleEndian(sig.subarray(32)) + GROUP_ORDER);
  return Buffer.concat([sig.subarray(0, 32), raised]).toString("base64");
}

/**
 * A signature that only lax readers take, made with the secret half of the key (RFC 8032, 5.1.6).
 * @param firstByte of R, whose other bytes are those of p: 0xee is p + 1, 0xec is p - 1
 */
function laxSignature({ payloadType, payload }: Envelope, firstByte: number): Buffer {
  const key = testKey("release-a");
  const scalar = sha512(key.seed()).subarray(0, 32);
  scalar.writeUInt8(scalar.readUInt8(0) & 0xf8, 0);
  scalar.writeUInt8((scalar.readUInt8(31) & 0x7f) | 0x40, 31);
  const point = Buffer.concat([Buffer.of(firstByte), Buffer.alloc(30, 0xff), Buffer.of(0x7f)]);
  const message = preAuthEncoding(payloadType, Buffer.from(payload, "base64"));
  const challenge = fromLittleEndian(sha512(Buffer.concat([point, key.publicKey.raw, message])));
  const s = (challenge * fromLittleEndian(scalar)) % GROUP_ORDER;
  return Buffer.concat([point, toLittleEndian(s)]);
}

function sha512(bytes: Uint8Array): Buffer {
  return createHash("sha512").update(bytes).digest();
}

function fromLittleEndian(bytes: Buffer): bigint {
  return BigInt(`0x${Buffer.from(bytes).reverse().toString("hex")}`);
}

function toLittleEndian(value: bigint): Buffer {
  return Buffer.from(value.toString(16).padStart(64, "0"), "hex").reverse();
}

/** 64 bytes end in a digit with four unused bits. */
function strayBits(base64: string): string {
  const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const last = base64.replace(/=+$/, "").at(-1) ?? "A";
  const other = digits[digits.indexOf(last) ^ 1];
  return base64.replace(/.==$/, `${other}==`);
}
