import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import {
  addSignature,
  type Envelope,
  formatEnvelope,
  MAX_PAYLOAD_BYTES,
  MAX_SIGNATURES,
  parseEnvelope,
  preAuthEncoding,
  type SignatureRule,
  signPayload,
  verifyEnvelope,
} from "../../../src/trust/dsse.ts";
import { type KeyId, privateKeyOfSeed } from "../../../src/trust/keys.ts";
import { keySigner, type Signer } from "../../../src/trust/signer.ts";

const TYPE = "application/vnd.test.v1+json";
const payload = Buffer.from('{"hello":"world"}');
const signers = [1, 2, 3, 4].map((fill) => keySigner(privateKeyOfSeed(Buffer.alloc(32, fill))));
const [alice, bob, carol, mallory] = signers as [Signer, Signer, Signer, Signer];

function rule(overrides: Partial<SignatureRule> = {}): SignatureRule {
  const keys = [alice, bob, carol].map(({ publicKey }) => publicKey);
  return { payloadType: TYPE, role: "release", keys, threshold: 1, ...overrides };
}

function codeOf(act: () => unknown): string | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    return (error as { code?: string }).code;
  }
}

let envelope: Envelope;
beforeAll(async () => {
  envelope = await signPayload(TYPE, payload, [alice, bob]);
});

describe("the pre-authentication encoding", () => {
  // the example of the DSSE specification, protocol.md
  it("is DSSE's", () => {
    expect(preAuthEncoding("http://example.com/HelloWorld", Buffer.from("hello world")).toString()).toBe(
      "DSSEv1 29 http://example.com/HelloWorld 11 hello world",
    );
  });

  it("counts bytes and not characters", () => {
    expect(preAuthEncoding("ä", Buffer.from("ö")).toString()).toBe("DSSEv1 2 ä 2 ö");
  });

  it("is different for different documents", () => {
    const text = fc.string({ maxLength: 8 });
    fc.assert(
      fc.property(text, text, text, text, (typeA, bodyA, typeB, bodyB) => {
        fc.pre(typeA !== typeB || bodyA !== bodyB);
        const a = preAuthEncoding(typeA, Buffer.from(bodyA));
        expect(a.equals(preAuthEncoding(typeB, Buffer.from(bodyB)))).toBe(false);
      }),
    );
  });
});

describe("an envelope", () => {
  it("comes back as it was written, for every payload", () => {
    const signature = fc.record({
      keyId: fc.stringMatching(/^[0-9a-f]{64}$/).map((id) => id as KeyId),
      sig: fc.uint8Array({ minLength: 64, maxLength: 64 }).map((bytes) => Buffer.from(bytes)),
    });
    const anyEnvelope = fc.record({
      payloadType: fc.string({ minLength: 1, maxLength: 100, unit: "grapheme-ascii" }),
      payload: fc.uint8Array({ maxLength: 500 }).map((bytes) => Buffer.from(bytes)),
      signatures: fc.uniqueArray(signature, { minLength: 1, maxLength: 5, selector: ({ keyId }) => keyId }),
    });
    fc.assert(
      fc.property(anyEnvelope, (made) => {
        const signatures = made.signatures.toSorted((a, b) => (a.keyId < b.keyId ? -1 : 1));
        expect(parseEnvelope(formatEnvelope(made))).toEqual({ ...made, signatures });
      }),
    );
  });

  it("has the same bytes whatever the order of its signers", async () => {
    const other = await signPayload(TYPE, payload, [bob, alice]);
    expect(formatEnvelope(other)).toEqual(formatEnvelope(envelope));
  });

  it("takes the largest payload, and none larger", async () => {
    const largest = await signPayload(TYPE, Buffer.alloc(MAX_PAYLOAD_BYTES, "x"), [alice]);
    expect(parseEnvelope(formatEnvelope(largest)).payload).toHaveLength(MAX_PAYLOAD_BYTES);
    await expect(signPayload(TYPE, Buffer.alloc(MAX_PAYLOAD_BYTES + 1), [alice])).rejects.toMatchObject({
      code: "TRUST_ENVELOPE_INVALID",
    });
  });

  it("is refused after any single change of a byte, or says something else", () => {
    const bytes = formatEnvelope(envelope);
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const changed = Buffer.from(bytes);
        changed.writeUInt8(changed.readUInt8(at) ^ flip, at);
        const verify = () => verifyEnvelope(parseEnvelope(changed), rule({ threshold: 2 })).payload;
        let accepted: Buffer | undefined;
        try {
          accepted = verify();
        } catch (error) {
          expect(error).toHaveProperty("remedy");
        }
        if (accepted !== undefined) expect(accepted).toEqual(payload); // only white space can have changed
      }),
      { numRuns: 60 },
    );
  });

  it("replaces the signature of a key that signs again, and holds a bounded number", async () => {
    expect((await addSignature(envelope, alice)).signatures).toHaveLength(2);
    const sig = envelope.signatures[0]?.sig ?? Buffer.alloc(64);
    const keyIds = Array.from({ length: MAX_SIGNATURES }, (_, index) => index.toString(16).padStart(64, "0") as KeyId);
    const full = { ...envelope, signatures: keyIds.map((keyId) => ({ keyId, sig })) };
    await expect(addSignature(full, alice)).rejects.toMatchObject({ code: "TRUST_ENVELOPE_INVALID" });
  });
});

describe("verifying an envelope", () => {
  it("gives the payload and who signed it", () => {
    const verified = verifyEnvelope(envelope, rule({ threshold: 2 }));
    expect(verified.payload).toEqual(payload);
    expect(verified.signedBy).toEqual([alice.publicKey.keyId, bob.publicKey.keyId].sort());
  });

  it("never accepts what fewer distinct keys than the threshold have signed (BF-2.7, BF-2.8)", async () => {
    const made = new Map<Signer, Envelope["signatures"][number]>();
    for (const signer of signers) {
      const [signature] = (await signPayload(TYPE, payload, [signer])).signatures;
      if (signature !== undefined) made.set(signer, signature);
    }
    const kind = fc.constantFrom("good", "broken", "swapped");
    const one = fc.record({ signer: fc.constantFrom(...signers), kind });
    fc.assert(
      fc.property(fc.array(one, { minLength: 1, maxLength: 8 }), fc.integer({ min: 1, max: 4 }), (drawn, threshold) => {
        const signatures = drawn.map(({ signer, kind }) => {
          const sig = Buffer.from((kind === "swapped" ? made.get(mallory) : made.get(signer))?.sig ?? "");
          if (kind === "broken") sig.writeUInt8(sig.readUInt8(3) ^ 1, 3);
          return { keyId: signer.publicKey.keyId, sig };
        });
        const good = drawn.filter((it) => it.kind === "good" && it.signer !== mallory);
        const isEnough = new Set(good.map((it) => it.signer)).size >= threshold;
        const code = codeOf(() => verifyEnvelope({ ...envelope, signatures }, rule({ threshold })));
        if (isEnough) expect(code).toBeUndefined();
        else expect(code).toMatch(/^TRUST_(SIGNATURE_INVALID|THRESHOLD_NOT_MET|KEY_UNKNOWN)$/);
      }),
      { numRuns: 50 },
    );
  });

  it("looks at the type before anything else (BF-2.5)", () => {
    const act = () => verifyEnvelope({ ...envelope, signatures: [] }, rule({ payloadType: "application/other" }));
    expect(codeOf(act)).toBe("TRUST_PAYLOAD_TYPE");
  });

  it("does not take a signature that was made for another type", async () => {
    const other = await signPayload("application/other", payload, [alice]);
    expect(codeOf(() => verifyEnvelope({ ...other, payloadType: TYPE }, rule()))).toBe("TRUST_SIGNATURE_INVALID");
  });

  it.each([
    ["nobody signed", [], {}, "TRUST_KEY_UNKNOWN"],
    ["a stranger signed", [mallory], {}, "TRUST_KEY_UNKNOWN"],
    ["a revoked key signed", [mallory], { revokedKeys: [mallory.publicKey.keyId] }, "TRUST_KEY_REVOKED"],
    ["a key of another role signed", [mallory], { otherKeys: [mallory.publicKey.keyId] }, "TRUST_ROLE_MISSING"],
    ["too few signed", [alice], { threshold: 2 }, "TRUST_THRESHOLD_NOT_MET"],
  ] as const)("says why when %s", async (_, who, overrides, code) => {
    const signed = await signPayload(TYPE, payload, who);
    expect(codeOf(() => verifyEnvelope(signed, rule(overrides)))).toBe(code);
  });
});
