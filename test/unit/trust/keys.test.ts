import { execFileSync } from "node:child_process";
import { createPrivateKey, generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  formatPrivateKeyPem,
  formatPublicKeyDer,
  formatPublicKeyPem,
  generatePrivateKey,
  parsePrivateKeyPem,
  parsePublicKeyDer,
  parsePublicKeyPem,
  privateKeyOfSeed,
  publicKeyOf,
  publicKeyOfRaw,
} from "../../../src/trust/keys.ts";

const key = privateKeyOfSeed(Buffer.alloc(32, 7));
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

/** Runs openssl in a directory that holds `files`. */
function openssl(args: readonly string[], files: Readonly<Record<string, string | Uint8Array>> = {}): Buffer {
  const directory = mkdtempSync(join(tmpdir(), "trust-keys-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(directory, name), content);
  return execFileSync("openssl", args, { cwd: directory, stdio: ["ignore", "pipe", "pipe"] });
}

describe("keys as PEM", () => {
  it("round-trip for every seed, and the plain form is the one that openssl writes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (seed) => {
        const made = privateKeyOfSeed(seed);
        expect(hex(parsePrivateKeyPem(formatPrivateKeyPem(made)).seed())).toBe(hex(seed));
        expect(parsePublicKeyPem(formatPublicKeyPem(made.publicKey))).toEqual(made.publicKey);
      }),
      { numRuns: 20 },
    );
    const pem = formatPrivateKeyPem(key);
    expect(openssl(["pkey", "-in", "key.pem"], { "key.pem": pem }).toString()).toBe(pem);
  });

  it("agree with openssl on the public key and on its id (BF-2.1)", () => {
    const files = { "key.pem": formatPrivateKeyPem(key) };
    expect(openssl(["pkey", "-in", "key.pem", "-pubout"], files).toString()).toBe(formatPublicKeyPem(key.publicKey));
    const der = openssl(["pkey", "-in", "key.pem", "-pubout", "-outform", "DER"], files);
    expect(der).toEqual(formatPublicKeyDer(key.publicKey));
    expect(openssl(["dgst", "-sha256", "-r", "der"], { der }).toString()).toContain(key.publicKey.keyId);
  });

  it("take a private key that openssl made", () => {
    const pem = openssl(["genpkey", "-algorithm", "ed25519"]).toString();
    const parsed = parsePrivateKeyPem(pem);
    expect(formatPrivateKeyPem(parsed)).toBe(pem);
  });

  it("take what surrounds the block and line ends of Windows", () => {
    const pem = `Test key, do not use\n${formatPrivateKeyPem(key)}`.replaceAll("\n", "\r\n");
    expect(parsePrivateKeyPem(pem).publicKey.keyId).toBe(key.publicKey.keyId);
  });

  it("are generated anew each time", () => {
    expect(publicKeyOf(generatePrivateKey()).keyId).not.toBe(publicKeyOf(generatePrivateKey()).keyId);
  });

  it("never show the secret in a log line", () => {
    const shown = `${inspect(key, { depth: 9, showHidden: true })} ${JSON.stringify(key)} ${String(key)}`;
    expect(shown).not.toContain(hex(key.seed()));
    expect(shown).not.toContain("7, 7, 7");
  });
});

describe("encrypted private keys", () => {
  const pem = formatPrivateKeyPem(key, "correct horse ä");

  it("open with their passphrase alone", () => {
    expect(hex(parsePrivateKeyPem(pem, "correct horse ä").seed())).toBe(hex(key.seed()));
    for (const wrong of ["correct horse", "correct horse ä "]) {
      expect(() => parsePrivateKeyPem(pem, wrong)).toThrow(expect.objectContaining({ code: "TRUST_PASSPHRASE_WRONG" }));
    }
    for (const none of [undefined, ""]) {
      expect(() => parsePrivateKeyPem(pem, none)).toThrow(expect.objectContaining({ code: "TRUST_PASSPHRASE_NEEDED" }));
    }
  });

  it("open with openssl and with node, and are PBES2 with scrypt of N 16384, r 8, p 8", () => {
    const files = { "key.pem": pem };
    const plain = openssl(["pkey", "-in", "key.pem", "-passin", "pass:correct horse ä"], files);
    expect(plain.toString()).toBe(formatPrivateKeyPem(key));
    expect(createPrivateKey({ key: pem, passphrase: "correct horse ä" }).asymmetricKeyType).toBe("ed25519");
    const structure = openssl(["asn1parse", "-in", "key.pem"], files).toString();
    expect(structure).toMatch(/:PBES2\n.*:scrypt\n.*INTEGER +:4000\n.*INTEGER +:08\n.*INTEGER +:08\n.*:aes-256-cbc\n/s);
  });

  it("take what openssl encrypted", () => {
    const files = { "key.pem": formatPrivateKeyPem(key) };
    for (const how of [["-scrypt"], ["-v2", "aes-256-cbc", "-iter", "10000"]]) {
      const args = ["pkcs8", "-topk8", "-in", "key.pem", "-passout", "pass:x", ...how];
      expect(parsePrivateKeyPem(openssl(args, files).toString(), "x").publicKey).toEqual(key.publicKey);
    }
  });

  it("differ each time, since salt and vector are random", () => {
    expect(formatPrivateKeyPem(key, "x")).not.toBe(formatPrivateKeyPem(key, "x"));
  });

  it("are not made with an empty passphrase", () => {
    expect(() => formatPrivateKeyPem(key, "")).toThrow(expect.objectContaining({ code: "TRUST_PASSPHRASE_NEEDED" }));
  });
});

describe("what is no ed25519 key", () => {
  const rsa = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  const ed448 = generateKeyPairSync("ed448", {
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  const publicPem = formatPublicKeyPem(key.publicKey);
  const privatePem = formatPrivateKeyPem(key);

  it.each([
    ["an RSA key", rsa.privateKey, "TRUST_KEY_TYPE"],
    ["an ed448 key", ed448.privateKey, "TRUST_KEY_TYPE"],
    ["a public key", publicPem, "TRUST_KEY_INVALID"],
    ["nothing", "", "TRUST_KEY_INVALID"],
    ["a block with broken base64", privatePem.replace(/M/, "*"), "TRUST_KEY_INVALID"],
    ["a truncated block", privatePem.replace(/.{8}\n-----END/, "\n-----END"), "TRUST_KEY_INVALID"],
  ])("is refused as a private key: %s", (_, pem, code) => {
    expect(() => parsePrivateKeyPem(pem)).toThrow(expect.objectContaining({ code }));
  });

  it.each([
    ["an RSA key", rsa.publicKey, "TRUST_KEY_TYPE"],
    ["an ed448 key", ed448.publicKey, "TRUST_KEY_TYPE"],
    ["a private key", privatePem, "TRUST_KEY_INVALID"],
    ["text", "not a key\n", "TRUST_KEY_INVALID"],
  ])("is refused as a public key: %s", (_, pem, code) => {
    expect(() => parsePublicKeyPem(pem)).toThrow(expect.objectContaining({ code }));
  });

  it("is refused as a public key with a byte behind it", () => {
    const der = Buffer.concat([formatPublicKeyDer(key.publicKey), Buffer.of(0)]);
    expect(() => parsePublicKeyDer(der)).toThrow(expect.objectContaining({ code: "TRUST_KEY_TYPE" }));
  });

  // The eight points of small order (and their second spellings) that libsodium refuses as well
  it.each([
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0200000000000000000000000000000000000000000000000000000000000000",
  ])("is refused as 32 raw bytes: %s (BF-2.2)", (raw) => {
    expect(() => publicKeyOfRaw(Buffer.from(raw, "hex"))).toThrow(
      expect.objectContaining({ code: "TRUST_KEY_INVALID" }),
    );
  });

  it("is refused as a seed of another length", () => {
    expect(() => privateKeyOfSeed(Buffer.alloc(31))).toThrow(expect.objectContaining({ code: "TRUST_KEY_INVALID" }));
  });
});
