/**
 * ed25519 as RFC 8032 has it: `zip215: false`, so that encodings and small-order keys that only ZIP 215 admits are
 * refused, and OpenSSL's verdict besides: the library checks the equation multiplied by the cofactor, OpenSSL the one
 * without. Two verifiers that disagree about a signature let an attacker show one device what another refuses.
 */
import { createHash, createPublicKey, verify as verifyWithOpenSsl } from "node:crypto";
import { getPublicKey, hashes, Point, sign, verify } from "@noble/ed25519";

export const SEED_BYTES = 32;
export const PUBLIC_KEY_BYTES = 32;
export const SIGNATURE_BYTES = 64;

// The library has no hash of its own; OpenSSL's is several times faster than one in JavaScript.
hashes.sha512 = (message) => new Uint8Array(createHash("sha512").update(message).digest());

/** Whether `raw` encodes a point that may be a public key: canonical, on the curve, not of small order. */
export function isPublicKey(raw: Uint8Array): boolean {
  if (raw.length !== PUBLIC_KEY_BYTES) return false;
  try {
    return !Point.fromBytes(raw, false).isSmallOrder();
  } catch {
    return false; // the library says "not a point" by throwing, and nothing else can go wrong with 32 bytes
  }
}

export function publicKeyOfSeed(seed: Uint8Array): Uint8Array {
  return getPublicKey(seed);
}

export function signWithSeed(bytes: Uint8Array, seed: Uint8Array): Uint8Array {
  return sign(bytes, seed);
}

/** False for a signature of the wrong length too; never throws. */
export function isSignatureOf(signature: Uint8Array, bytes: Uint8Array, publicKey: Uint8Array): boolean {
  if (signature.length !== SIGNATURE_BYTES || !isPublicKey(publicKey)) return false;
  if (!verify(signature, bytes, publicKey, { zip215: false })) return false;
  const x = Buffer.from(publicKey).toString("base64url");
  const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
  return verifyWithOpenSsl(null, bytes, key, signature); // BF-2.9: without the cofactor
}
