import { describe, expect, it } from "vitest";
import {
  type Envelope,
  formatEnvelope,
  MAX_SIGNATURES,
  parseEnvelope,
  parseEnvelopeToSign,
  signPayload,
} from "../../../src/trust/dsse.ts";
import { type PrivateKey, privateKeyOfSeed } from "../../../src/trust/keys.ts";
import { dropUnfit, mergeEnvelopes } from "../../../src/trust/merge-envelopes.ts";
import { keySigner } from "../../../src/trust/signer.ts";

const key = (number: number) => privateKeyOfSeed(Buffer.alloc(32, number));
const [A, B] = [key(1), key(2)];
const KEYS = [A.publicKey, B.publicKey];
const refusal = (code: string) => expect.objectContaining({ code });
const signed = (keys: readonly PrivateKey[], payload = "text", type = "type/x") =>
  signPayload(type, Buffer.from(payload), keys.map(keySigner));
const spoiled = (envelope: Envelope): Envelope => ({
  ...envelope,
  signatures: envelope.signatures.map((signature) => ({ ...signature, sig: Buffer.alloc(64) })),
});

describe("envelopes with the same payload", () => {
  it("become one with the signatures of all, each key once", async () => {
    const [none, a, both] = [await signed([]), await signed([A]), await signed([A, B])];
    expect(mergeEnvelopes([none, a, both, a], KEYS).signatures.map(({ keyId }) => keyId)).toEqual([
      A.publicKey.keyId,
      B.publicKey.keyId,
    ]);
  });

  it.each([
    ["another payload", signed([A], "other")],
    ["another type", signed([A], "text", "type/y")],
  ])("are told from one with %s", async (_, other) => {
    const a = await signed([A]);
    const b = await other;
    expect(() => mergeEnvelopes([a, b])).toThrow(refusal("TRUST_PAYLOADS_DIFFER"));
  });

  it("are refused with a signature of a known key that does not fit", async () => {
    const bad = spoiled(await signed([A]));
    expect(() => mergeEnvelopes([bad], KEYS)).toThrow(refusal("TRUST_SIGNATURE_UNFIT"));
    expect(mergeEnvelopes([bad]).signatures).toHaveLength(1); // of a key that nobody knows here
    expect(dropUnfit(bad, KEYS).signatures).toEqual([]);
    expect(dropUnfit(bad, [B.publicKey]).signatures).toHaveLength(1);
  });

  it("are refused with two signatures of an unknown key that differ", async () => {
    const a = await signed([A]);
    expect(() => mergeEnvelopes([a, spoiled(a)])).toThrow(refusal("TRUST_SIGNATURE_UNFIT"));
  });

  it("are refused with more signatures than an envelope holds", async () => {
    const many = await signed(Array.from({ length: MAX_SIGNATURES }, (_, index) => key(10 + index)));
    const one = await signed([A]);
    expect(() => mergeEnvelopes([many, one])).toThrow(refusal("TRUST_ENVELOPE_INVALID"));
  });
});

describe("an envelope without signatures", () => {
  it("is read by those who are to sign it, and by nobody else", async () => {
    const bytes = formatEnvelope(await signed([]));
    expect(parseEnvelopeToSign(bytes).signatures).toEqual([]);
    expect(() => parseEnvelope(bytes)).toThrow(refusal("TRUST_ENVELOPE_INVALID")); // BF-2.3
  });
});
