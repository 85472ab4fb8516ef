import { createPublicKey, verify } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isSignatureOf, publicKeyOfSeed, signWithSeed } from "../../../src/trust/ed25519.ts";
import { formatPublicKeyDer, publicKeyOfRaw } from "../../../src/trust/keys.ts";

const bytes = (hex: string) => Buffer.from(hex, "hex");

describe("ed25519", () => {
  // RFC 8032, section 7.1
  it.each([
    {
      seed: "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
      publicKey: "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
      message: "",
      signature:
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    },
    {
      seed: "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
      publicKey: "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
      message: "af82",
      signature:
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    },
  ])("signs as RFC 8032 has it: message $message", ({ seed, publicKey, message, signature }) => {
    expect(Buffer.from(publicKeyOfSeed(bytes(seed))).toString("hex")).toBe(publicKey);
    expect(Buffer.from(signWithSeed(bytes(message), bytes(seed))).toString("hex")).toBe(signature);
    expect(isSignatureOf(bytes(signature), bytes(message), bytes(publicKey))).toBe(true);
  });

  it("agrees with OpenSSL, and takes no signature over other bytes", () => {
    const seed = fc.uint8Array({ minLength: 32, maxLength: 32 });
    fc.assert(
      fc.property(seed, fc.uint8Array({ minLength: 1, maxLength: 200 }), fc.nat(), (secret, message, at) => {
        const raw = publicKeyOfSeed(secret);
        const signature = signWithSeed(message, secret);
        const der = formatPublicKeyDer(publicKeyOfRaw(raw));
        expect(verify(null, message, createPublicKey({ key: der, format: "der", type: "spki" }), signature)).toBe(true);
        expect(isSignatureOf(signature, message, raw)).toBe(true);
        const other = Uint8Array.from(message, (byte, index) => (index === at % message.length ? byte ^ 1 : byte));
        expect(isSignatureOf(signature, other, raw)).toBe(false);
        const spoilt = Uint8Array.from(signature, (byte, index) => (index === at % 64 ? byte ^ 0x10 : byte));
        expect(isSignatureOf(spoilt, message, raw)).toBe(false);
      }),
      { numRuns: 25 },
    );
  });

  it("says no to signatures and keys of the wrong length", () => {
    const raw = publicKeyOfSeed(Buffer.alloc(32, 1));
    const signature = signWithSeed(Buffer.of(1), Buffer.alloc(32, 1));
    expect(isSignatureOf(signature.subarray(1), Buffer.of(1), raw)).toBe(false);
    expect(isSignatureOf(signature, Buffer.of(1), raw.subarray(1))).toBe(false);
  });

  it("says no to a key of small order, with which zeros would sign anything (BF-2.2)", () => {
    const neutral = Buffer.concat([Buffer.of(1), Buffer.alloc(31)]);
    const universal = Buffer.concat([neutral, Buffer.alloc(32)]);
    expect(isSignatureOf(universal, Buffer.from("anything"), neutral)).toBe(false);
  });
});
