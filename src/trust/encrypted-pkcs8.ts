/**
 * Encrypting PKCS#8 under a passphrase: PBES2 (RFC 8018) with scrypt (RFC 7914) and AES-256-CBC, readable by
 * `openssl pkey`. Written by hand because Node's own export offers only PBKDF2-HMAC-SHA1 of 2048 rounds, which a
 * graphics card tries by the hundred thousand a second.
 */
import { createCipheriv, scryptSync } from "node:crypto";

/** N=2^14, r=8 is the most memory that OpenSSL grants scrypt (32 MiB); p=8 exceeds the p=5 that OWASP asks for there. */
const SCRYPT = { N: 1 << 14, r: 8, p: 8 } as const;
const SCRYPT_MAX_MEMORY_BYTES = 64 << 20; // Node wants headroom above the 16 MiB that are used
const SALT_BYTES = 16;
const IV_BYTES = 16;
const KEY_BYTES = 32;

const OID = {
  pbes2: "06092a864886f70d01050d",
  scrypt: "06092b06010401da47040b",
  aes256Cbc: "060960864801650304012a",
} as const;

/**
 * @param pkcs8 DER of a PrivateKeyInfo
 * @returns DER of an EncryptedPrivateKeyInfo
 */
export function encryptPkcs8(pkcs8: Uint8Array, passphrase: string, random: (bytes: number) => Uint8Array): Buffer {
  const salt = random(SALT_BYTES);
  const iv = random(IV_BYTES);
  const key = scryptSync(passphrase, salt, KEY_BYTES, { ...SCRYPT, maxmem: SCRYPT_MAX_MEMORY_BYTES });
  const cipher = createCipheriv("aes-256-cbc", key, iv);
  const ciphertext = Buffer.concat([cipher.update(pkcs8), cipher.final()]);
  const kdf = sequence(oid("scrypt"), sequence(octets(salt), integer(SCRYPT.N), integer(SCRYPT.r), integer(SCRYPT.p)));
  const scheme = sequence(oid("aes256Cbc"), octets(iv));
  return sequence(sequence(oid("pbes2"), sequence(kdf, scheme)), octets(ciphertext));
}

function oid(name: keyof typeof OID): Buffer {
  return Buffer.from(OID[name], "hex");
}

function sequence(...parts: readonly Uint8Array[]): Buffer {
  return tagged(0x30, Buffer.concat(parts));
}

function octets(bytes: Uint8Array): Buffer {
  return tagged(0x04, bytes);
}

function integer(value: number): Buffer {
  const hex = value.toString(16);
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, "hex");
  const isNegativeLooking = (bytes[0] ?? 0) >= 0x80;
  return tagged(0x02, isNegativeLooking ? Buffer.concat([Buffer.of(0), bytes]) : bytes);
}

/** DER length octets: short form below 128, else one or two bytes; nothing here is longer. */
function tagged(tag: number, content: Uint8Array): Buffer {
  const { length } = content;
  const head = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.of(tag, ...head), content]);
}
