import { describe, expect, it } from "vitest";
import type { Digest } from "../../../src/oci/digest.ts";
import { digestOf } from "../../../src/oci/digest.ts";
import { addSignature, formatEnvelope, parseEnvelope } from "../../../src/trust/dsse.ts";
import { type KeyId, privateKeyOfSeed } from "../../../src/trust/keys.ts";
import { createRoot, parseRoot, type RootDraft } from "../../../src/trust/root.ts";
import { formatRootDocument, parseRootDocument } from "../../../src/trust/root-document.ts";
import { keySigner } from "../../../src/trust/signer.ts";

const keyOf = (fill: number) => privateKeyOfSeed(Buffer.alloc(32, fill));
const [alice, bob, carol] = [keyOf(1), keyOf(2), keyOf(3)] as const;
const manyNames = Array.from({ length: 257 }, (_, number) => `os-${number}`);

function draft(overrides: Partial<RootDraft> = {}): RootDraft {
  return {
    version: 3,
    createdAt: "2026-11-20T10:00:00Z",
    expiresAt: "2028-01-01T00:00:00Z",
    roles: {
      root: { keys: [alice.publicKey], threshold: 1 },
      release: { keys: [carol.publicKey, bob.publicKey], threshold: 2 },
    },
    labels: new Map([[bob.publicKey.keyId, "Bob, card 2"]]),
    ...overrides,
  };
}

describe("a root", () => {
  it("says after signing what its draft said", async () => {
    const envelope = await createRoot(draft(), [keySigner(alice)]);
    const root = parseRoot(formatEnvelope(envelope));
    expect(root.version).toBe(3);
    expect(root.digest).toBe(digestOf(envelope.payload));
    expect(root.signedBy).toEqual([alice.publicKey.keyId]);
    expect(root.document.expiresAt).toBe("2028-01-01T00:00:00Z");
    expect(root.document.keys.find(({ keyId }) => keyId === bob.publicKey.keyId)?.label).toBe("Bob, card 2");
    const release = root.roleKeys("release");
    expect(release?.threshold).toBe(2);
    expect(new Set(release?.keys)).toEqual(new Set([bob.publicKey, carol.publicKey]));
    expect(root.roleKeys("countersign")).toBeUndefined();
  });

  it("gives the same bytes whatever the order of its keys", async () => {
    const turned = draft({
      roles: { root: draft().roles.root, release: { keys: [bob.publicKey, carol.publicKey], threshold: 2 } },
    });
    const [one, two] = [await createRoot(draft(), [keySigner(alice)]), await createRoot(turned, [keySigner(alice)])];
    expect(formatEnvelope(one)).toEqual(formatEnvelope(two));
  });

  it("is accepted once the last missing root key has signed (BF-3.3)", async () => {
    const twoRoots = draft({
      roles: { ...draft().roles, root: { keys: [alice.publicKey, bob.publicKey], threshold: 2 } },
    });
    const partial = await createRoot(twoRoots, [keySigner(alice)]);
    expect(() => parseRoot(formatEnvelope(partial))).toThrow(
      expect.objectContaining({ code: "TRUST_THRESHOLD_NOT_MET" }),
    );
    const full = await addSignature(parseEnvelope(formatEnvelope(partial)), keySigner(bob));
    expect(parseRoot(formatEnvelope(full)).signedBy).toHaveLength(2);
  });

  it("leaves revoked keys out of every role, its own signers included (BF-3.9)", async () => {
    const release = { keys: [alice.publicKey, bob.publicKey], threshold: 1 };
    const revoking = draft({ roles: { ...draft().roles, release }, revokedKeys: [bob.publicKey.keyId] });
    const root = parseRoot(formatEnvelope(await createRoot(revoking, [keySigner(alice)])));
    expect(root.roleKeys("release")?.keys).toEqual([alice.publicKey]);

    const roots = { keys: [alice.publicKey, carol.publicKey], threshold: 1 };
    const selfRevoking = draft({
      roles: { ...draft().roles, root: roots, release },
      revokedKeys: [carol.publicKey.keyId],
    });
    const envelope = await createRoot(selfRevoking, [keySigner(carol)]);
    expect(() => parseRoot(formatEnvelope(envelope))).toThrow(expect.objectContaining({ code: "TRUST_KEY_REVOKED" }));
  });

  it.each<[string, Partial<RootDraft>]>([
    [
      "a threshold that cannot be reached",
      { roles: { ...draft().roles, root: { keys: [alice.publicKey], threshold: 2 } } },
    ],
    ["a role without keys", { roles: { ...draft().roles, release: { keys: [], threshold: 1 } } }],
    ["a threshold of zero", { roles: { ...draft().roles, release: { keys: [bob.publicKey], threshold: 0 } } }],
    ["version zero", { version: 0 }],
    ["a time that is none", { createdAt: "2026-02-30T00:00:00Z" }],
    ["a label that moves the cursor", { labels: new Map([[bob.publicKey.keyId, "Bob\u001b[2J"]]) }],
    ["a label that turns the writing around", { labels: new Map([[bob.publicKey.keyId, "\u202eboB"]]) }],
    ["a revoked key that is no key id", { revokedKeys: ["bob" as KeyId] }],
    ["a lowest sequence of zero", { minSequences: { "kiosk-os": 0 } }],
    ["a lowest sequence of what is no release name", { minSequences: { "Kiosk OS": 1 } }],
    ["a lowest sequence of a prototype", { minSequences: JSON.parse('{"__proto__":1}') }],
    ["257 lowest sequences", { minSequences: Object.fromEntries(manyNames.map((name) => [name, 1])) }],
    ["257 downgrades", { downgrades: manyNames.map((name) => digestOf(name)) }],
    ["a downgrade that is no digest", { downgrades: ["sha512:00" as Digest] }],
    ["a successor that is no release name", { successors: { "kiosk-os": ["../kiosk"] } }],
    ["a name without successors", { successors: { "kiosk-os": [] } }],
    ["a name with 17 successors", { successors: { "kiosk-os": manyNames.slice(0, 17) } }],
    ["a revoked release that is no digest", { revokedReleases: ["sha512:00" as Digest] }],
  ])("is not made with %s (BF-3.17)", async (_, overrides) => {
    await expect(createRoot(draft(overrides), [keySigner(alice)])).rejects.toMatchObject({
      code: "TRUST_ROOT_INVALID",
    });
  });
});

describe("a root document", () => {
  it("says what else devices must refuse and may accept, and leaves out what it does not say (BF-3.12)", async () => {
    const said = {
      minSequences: { constructor: 1, "kiosk-os": 7 },
      downgrades: [digestOf("41")],
      successors: { "kiosk-os": ["kiosk-ng", "kiosk-os-2"] },
    };
    const { payload } = await createRoot(draft(said), [keySigner(alice)]);
    expect(parseRootDocument(payload)).toMatchObject(said);
    expect(formatRootDocument(parseRootDocument(payload))).toEqual(payload);
    const [silent, empty] = [draft(), draft({ minSequences: {}, downgrades: [], successors: {} })];
    const bytes = (await createRoot(silent, [keySigner(alice)])).payload;
    expect((await createRoot(empty, [keySigner(alice)])).payload).toEqual(bytes);
    expect(bytes.toString()).not.toMatch(/minSequences|downgrades|successors/);
  });

  it("may not hide the name of a prototype among its lowest sequences", async () => {
    const { payload } = await createRoot(draft({ minSequences: { os: 1 } }), [keySigner(alice)]);
    const changed = payload.toString().replace('"os": 1', '"__proto__": 1');
    expect(() => parseRootDocument(Buffer.from(changed))).toThrow(
      expect.objectContaining({ code: "TRUST_ROOT_INVALID" }),
    );
  });

  it("is written as it was read", async () => {
    const { payload } = await createRoot(draft(), [keySigner(alice)]);
    expect(formatRootDocument(parseRootDocument(payload))).toEqual(payload);
  });

  it.each([
    ["a list", "[]", "TRUST_ROOT_INVALID"],
    ["null", "null", "TRUST_ROOT_INVALID"],
    ["a later version with anything in it", '{"specVersion":"2","keys":7}', "TRUST_ROOT_VERSION_UNSUPPORTED"],
    ["no version", '{"keys":[]}', "TRUST_ROOT_INVALID"],
    ["two versions", '{"specVersion":"2","specVersion":"1"}', "OCI_JSON_DUPLICATE_KEY"],
  ])("is refused when it is %s", (_, text, code) => {
    expect(() => parseRootDocument(Buffer.from(text))).toThrow(expect.objectContaining({ code }));
  });
});
