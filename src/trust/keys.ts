/**
 * ed25519 keys as PEM: PKCS#8 for private keys, SubjectPublicKeyInfo for public ones (RFC 8410), both as `openssl pkey`
 * reads and writes them. A key is named by the sha256 of its SubjectPublicKeyInfo.
 *
 * The seed of a private key hangs on a closure: neither a log line nor `JSON.stringify` can show it.
 */
import { createHash, createPrivateKey, type KeyObject, randomBytes } from "node:crypto";
import { isPublicKey, PUBLIC_KEY_BYTES, publicKeyOfSeed, SEED_BYTES } from "./ed25519.ts";
import { encryptPkcs8 } from "./encrypted-pkcs8.ts";
import { TrustError } from "./error.ts";
import { formatPem, parsePem } from "./pem.ts";

declare const keyId: unique symbol;

/** 64 lower-case hexadecimal digits: the sha256 of the key's SubjectPublicKeyInfo in DER. */
export type KeyId = string & { readonly [keyId]: true };

export const KEY_ID_PATTERN = /^[0-9a-f]{64}$/;

export interface PublicKey {
  readonly keyId: KeyId;
  /** The 32 bytes of RFC 8032. */
  readonly raw: Uint8Array;
}

export interface PrivateKey {
  readonly publicKey: PublicKey;
  /** The 32 secret bytes of RFC 8032. */
  readonly seed: () => Uint8Array;
}

const SPKI_PREFIX = Buffer.from("302a300506032b6570032100", "hex"); // RFC 8410, section 4; the rest is the raw key
const PKCS8_PREFIX = Buffer.from("302e020100300506032b657004220420", "hex"); // RFC 8410, section 7; then the seed
const PUBLIC_LABEL = "PUBLIC KEY";
const PRIVATE_LABEL = "PRIVATE KEY";
const ENCRYPTED_LABEL = "ENCRYPTED PRIVATE KEY";

/** A new key from the system's randomness. */
export function generatePrivateKey(): PrivateKey {
  return privateKeyOfSeed(randomBytes(SEED_BYTES));
}

/** The key of 32 secret bytes. @throws TrustError TRUST_KEY_INVALID */
export function privateKeyOfSeed(seed: Uint8Array): PrivateKey {
  if (seed.length !== SEED_BYTES) throw new TrustError("TRUST_KEY_INVALID", `expected ${SEED_BYTES} secret bytes`);
  const secret = Uint8Array.from(seed);
  return { publicKey: publicKeyOfRaw(publicKeyOfSeed(secret)), seed: () => secret };
}

export function publicKeyOf(key: PrivateKey): PublicKey {
  return key.publicKey;
}

/** The key of 32 public bytes. @throws TrustError TRUST_KEY_INVALID for what is no point, or one of small order */
export function publicKeyOfRaw(raw: Uint8Array): PublicKey {
  // BF-2.2: a key of small order verifies signatures over anything
  if (!isPublicKey(raw)) throw new TrustError("TRUST_KEY_INVALID", "not the public key of an ed25519 key");
  const der = Buffer.concat([SPKI_PREFIX, raw]);
  return { keyId: createHash("sha256").update(der).digest("hex") as KeyId, raw: Uint8Array.from(raw) };
}

/** The SubjectPublicKeyInfo in DER. */
export function formatPublicKeyDer(key: PublicKey): Buffer {
  return Buffer.concat([SPKI_PREFIX, key.raw]);
}

/** @throws TrustError TRUST_KEY_INVALID, TRUST_KEY_TYPE for a key that is no ed25519 key */
export function parsePublicKeyDer(der: Uint8Array): PublicKey {
  const prefix = Buffer.from(der.subarray(0, SPKI_PREFIX.length));
  if (!prefix.equals(SPKI_PREFIX) || der.length !== SPKI_PREFIX.length + PUBLIC_KEY_BYTES) {
    throw new TrustError("TRUST_KEY_TYPE", "the public key is not an ed25519 key");
  }
  return publicKeyOfRaw(der.subarray(SPKI_PREFIX.length));
}

export function formatPublicKeyPem(key: PublicKey): string {
  return formatPem({ label: PUBLIC_LABEL, der: formatPublicKeyDer(key) });
}

/** @throws TrustError TRUST_KEY_INVALID, TRUST_KEY_TYPE */
export function parsePublicKeyPem(pem: string): PublicKey {
  const block = parsePem(pem);
  if (block?.label !== PUBLIC_LABEL) {
    const got = block === undefined ? "no PEM block" : `"${block.label}"`;
    throw new TrustError("TRUST_KEY_INVALID", `expected a PEM block "${PUBLIC_LABEL}", got ${got}`);
  }
  return parsePublicKeyDer(block.der);
}

/**
 * PKCS#8 in PEM, encrypted (PBES2, scrypt, AES-256-CBC) when a passphrase is given.
 * @throws TrustError TRUST_PASSPHRASE_NEEDED for an empty passphrase
 */
export function formatPrivateKeyPem(key: PrivateKey, passphrase?: string): string {
  const pkcs8 = Buffer.concat([PKCS8_PREFIX, key.seed()]);
  if (passphrase === undefined) return formatPem({ label: PRIVATE_LABEL, der: pkcs8 });
  if (passphrase === "") throw new TrustError("TRUST_PASSPHRASE_NEEDED", "the passphrase is empty");
  return formatPem({ label: ENCRYPTED_LABEL, der: encryptPkcs8(pkcs8, passphrase, randomBytes) });
}

/**
 * Reads PKCS#8, encrypted in any way that OpenSSL knows or not at all; the passphrase of a plain key is not looked at.
 * @throws TrustError TRUST_KEY_INVALID, TRUST_KEY_TYPE, TRUST_PASSPHRASE_NEEDED, TRUST_PASSPHRASE_WRONG
 */
export function parsePrivateKeyPem(pem: string, passphrase?: string): PrivateKey {
  const block = parsePem(pem);
  if (block === undefined || (block.label !== PRIVATE_LABEL && block.label !== ENCRYPTED_LABEL)) {
    const got = block === undefined ? "no PEM block" : `"${block.label}"`;
    throw new TrustError("TRUST_KEY_INVALID", `expected a PEM block "${PRIVATE_LABEL}", got ${got}`);
  }
  const isEncrypted = block.label === ENCRYPTED_LABEL;
  if (isEncrypted && (passphrase === undefined || passphrase === "")) {
    throw new TrustError("TRUST_PASSPHRASE_NEEDED", "the private key is encrypted and no passphrase was given");
  }
  const key = decodePrivateKey(block.der, isEncrypted ? passphrase : undefined);
  if (key.asymmetricKeyType !== "ed25519") {
    throw new TrustError("TRUST_KEY_TYPE", `expected an ed25519 key, got ${key.asymmetricKeyType}`);
  }
  const seed = key.export({ format: "jwk" }).d;
  return privateKeyOfSeed(Buffer.from(seed ?? "", "base64url"));
}

function decodePrivateKey(der: Buffer, passphrase: string | undefined): KeyObject {
  try {
    return createPrivateKey({
      key: der,
      format: "der",
      type: "pkcs8",
      ...(passphrase === undefined ? {} : { passphrase }),
    });
  } catch (cause) {
    // CBC has no tag: a wrong passphrase shows as bad padding, or as an inner structure that is no key.
    if (passphrase === undefined) throw new TrustError("TRUST_KEY_INVALID", "the private key is malformed", { cause });
    throw new TrustError("TRUST_PASSPHRASE_WRONG", "the passphrase does not open the private key", { cause });
  }
}
