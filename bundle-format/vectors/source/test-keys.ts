/**
 * Keys of the vectors. TEST KEYS: each seed is the sha256 of a published sentence, so everybody has them. No device may
 * ever trust one.
 */
import { createHash } from "node:crypto";
import { type PrivateKey, privateKeyOfSeed } from "../../../src/trust/keys.ts";
import { keySigner, type Signer } from "../../../src/trust/signer.ts";

export const TEST_KEY_NAMES = [
  "root-a",
  "root-b",
  "release-a",
  "release-b",
  "release-c",
  "countersign",
  "stranger",
  "device",
] as const;

export type TestKeyName = (typeof TEST_KEY_NAMES)[number];

/** The sentence whose sha256 is the seed. */
export function testKeySentence(name: TestKeyName): string {
  return `bootferry test key ${name}, never to be trusted`;
}

export function testKey(name: TestKeyName): PrivateKey {
  return privateKeyOfSeed(createHash("sha256").update(testKeySentence(name)).digest());
}

export function testSigner(name: TestKeyName): Signer {
  return keySigner(testKey(name));
}
