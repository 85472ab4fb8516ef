/** Keys, a root and drafts for tests of the workstation's flow, in process. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execOnHost } from "../../src/host/exec.ts";
import { toAbsPath } from "../../src/path.ts";
import type { ReleasePorts } from "../../src/release/ports.ts";
import type { ReleaseDraft } from "../../src/release/release-draft.ts";
import { formatEnvelope } from "../../src/trust/dsse.ts";
import { formatPrivateKeyPem, formatPublicKeyPem, type PrivateKey, privateKeyOfSeed } from "../../src/trust/keys.ts";
import { createRoot, parseRoot, type TrustedRoot } from "../../src/trust/root.ts";
import { keySigner } from "../../src/trust/signer.ts";
import { miniatureRoot, writeOciLayout } from "./oci-fixtures.ts";

/** The same key for the same number, so that nothing in a failing test depends on chance. */
function fixtureKey(number: number): PrivateKey {
  return privateKeyOfSeed(Buffer.alloc(32, number));
}

export const RELEASE_KEY = fixtureKey(1);
export const SECOND_KEY = fixtureKey(2);
export const STRANGER_KEY = fixtureKey(3);

const ROOT_KEY = fixtureKey(9);

/** A root under which RELEASE_KEY and SECOND_KEY sign releases. */
export async function fixtureRoot(threshold = 1): Promise<TrustedRoot> {
  return parseRoot(await fixtureRootBytes(threshold));
}

async function fixtureRootBytes(threshold: number): Promise<Buffer> {
  const keys = [RELEASE_KEY.publicKey, SECOND_KEY.publicKey];
  const roles = { root: { keys: [ROOT_KEY.publicKey], threshold: 1 }, release: { keys, threshold } };
  const draft = { version: 1, createdAt: "2026-01-01T00:00:00Z", expiresAt: null, roles };
  return formatEnvelope(await createRoot(draft, [keySigner(ROOT_KEY)]));
}

/** Ports of a test whose files are in `directory`; it gets the sub-directory `scratch`. */
export function fixturePorts(directory: string, signal = new AbortController().signal): ReleasePorts {
  mkdirSync(join(directory, "scratch"), { recursive: true });
  return {
    exec: execOnHost,
    signal,
    workingDirectory: toAbsPath(directory),
    scratchDirectory: toAbsPath(join(directory, "scratch")),
    openProgress: () => ({ advance: () => undefined, [Symbol.dispose]: () => undefined }),
    note: () => undefined,
  };
}

/** A draft of `kiosk-os` 1.0.0 for the kind `kiosk`, of `oci:image`, onto `directory/stick`, which it makes. */
export function fixtureDraft(directory: string, changes: Partial<ReleaseDraft> = {}): ReleaseDraft {
  mkdirSync(join(directory, "stick"), { recursive: true });
  return {
    destination: toAbsPath(join(directory, "stick")),
    name: "kiosk-os",
    version: "1.0.0",
    sequence: 1,
    createdAt: "2026-06-01T12:00:00Z",
    expiresAt: null,
    notes: "",
    devices: null,
    requires: {},
    targets: [{ compatible: "kiosk", source: "oci:image" }],
    apps: [],
    architectures: { kind: "only" },
    withTree: true,
    signers: [keySigner(RELEASE_KEY)],
    root: undefined,
    carriedRoots: [],
    verifyWritten: true,
    ...changes,
  };
}

/** `directory/image`: a base layer that is the same for every version, and a small one that is not. */
export async function writeFixtureImage(directory: string, version = "1", name = "image"): Promise<void> {
  const base = { entries: miniatureRoot() };
  const top = {
    entries: [{ name: "usr/lib/os-release", content: `ID=fixture\nVERSION_ID=${version}\n${"#".repeat(100)}` }],
  };
  await writeOciLayout(join(directory, name), [{ tag: "latest", images: [{ layers: [base, top] }] }]);
}

/**
 * What a person has who makes releases: unencrypted keys `root`, `release`, `second` and `stranger` (.key and .pub),
 * `root.json` where one signature is enough, and `two.json` where both release keys must sign.
 */
export async function writeFixtureKeys(directory: string): Promise<void> {
  const keys = { root: ROOT_KEY, release: RELEASE_KEY, second: SECOND_KEY, stranger: STRANGER_KEY };
  for (const [name, key] of Object.entries(keys)) {
    writeFileSync(join(directory, `${name}.key`), formatPrivateKeyPem(key));
    writeFileSync(join(directory, `${name}.pub`), formatPublicKeyPem(key.publicKey));
  }
  writeFileSync(join(directory, "root.json"), await fixtureRootBytes(1));
  writeFileSync(join(directory, "two.json"), await fixtureRootBytes(2));
}
