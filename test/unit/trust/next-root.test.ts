import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Digest } from "../../../src/oci/digest.ts";
import { formatEnvelope, signPayload } from "../../../src/trust/dsse.ts";
import { joinRoots } from "../../../src/trust/join-roots.ts";
import { privateKeyOfSeed } from "../../../src/trust/keys.ts";
import { draftNextRoot, type RootChanges } from "../../../src/trust/next-root.ts";
import { createRoot, parseRoot, ROOT_PAYLOAD_TYPE } from "../../../src/trust/root.ts";
import { verifySuccessor } from "../../../src/trust/root-chain.ts";
import { formatRootDocument, parseRootDocument, type RootDocument } from "../../../src/trust/root-document.ts";
import { rootStanding } from "../../../src/trust/root-standing.ts";
import { keySigner } from "../../../src/trust/signer.ts";

const [A, B, C, RELEASE, SPARE, OWNER] = [1, 2, 3, 4, 5, 6].map((fill) => privateKeyOfSeed(Buffer.alloc(32, fill)));
const key = (it: typeof A) => {
  if (it === undefined) throw new Error("there are six keys");
  return it;
};
const id = (it: typeof A) => key(it).publicKey.keyId;
const DIGEST = `sha256:${"0".repeat(64)}` as Digest;

const NOTHING: RootChanges = {
  createdAt: "2027-01-01T00:00:00Z",
  expiresAt: undefined,
  add: [],
  remove: [],
  thresholds: {},
  revokeKeys: [],
  revokeReleases: [],
  minSequences: [],
  downgrades: [],
  successors: [],
  dropPermissions: false,
};

/** Two of A and B change it; RELEASE or SPARE sign releases. */
async function firstRoot() {
  const roles = {
    root: { keys: [key(A).publicKey, key(B).publicKey], threshold: 2 },
    release: { keys: [key(RELEASE).publicKey, key(SPARE).publicKey], threshold: 1 },
  };
  const draft = { version: 1, createdAt: "2026-01-01T00:00:00Z", expiresAt: "2036-01-01T00:00:00Z", roles };
  return parseRoot(formatEnvelope(await createRoot(draft, [keySigner(key(A)), keySigner(key(B))])));
}

const sign = (document: RootDocument, ...keys: (typeof A)[]) =>
  signPayload(
    ROOT_PAYLOAD_TYPE,
    formatRootDocument(document),
    keys.map((it) => keySigner(key(it))),
  );

describe("the draft of the next root", () => {
  it("differs from the old one in version and time alone when nothing changes", async () => {
    const { document } = await firstRoot();
    const next = parseRootDocument(formatRootDocument(draftNextRoot(document, NOTHING)));
    expect(next).toEqual({ ...document, version: 2, createdAt: NOTHING.createdAt });
  });

  it("forgets no revocation, whatever follows", async () => {
    const { document } = await firstRoot();
    const revoking = {
      ...NOTHING,
      revokeKeys: [id(RELEASE)],
      revokeReleases: [DIGEST],
      minSequences: [{ name: "os", sequence: 4 }],
    };
    const changes = fc.record({
      ...Object.fromEntries(Object.entries(NOTHING).map(([name, value]) => [name, fc.constant(value)])),
      dropPermissions: fc.boolean(),
      expiresAt: fc.constantFrom(null, undefined, "2040-01-01T00:00:00Z"),
      revokeKeys: fc.subarray([id(A), id(SPARE)]),
      thresholds: fc.record({ root: fc.constantFrom(1, 2, undefined) }),
    }) as unknown as fc.Arbitrary<RootChanges>;
    fc.assert(
      fc.property(fc.array(changes, { maxLength: 5 }), (steps) => {
        let last = draftNextRoot(document, revoking);
        for (const step of steps) last = draftNextRoot(last, step);
        expect(last.version).toBe(2 + steps.length);
        expect(last.revokedKeys).toContain(id(RELEASE));
        expect(last.revokedReleases).toEqual([DIGEST]);
        expect(last.minSequences).toEqual({ os: 4 });
        expect(last.roles.release.keyIds).not.toContain(id(RELEASE));
      }),
    );
  });

  it("takes a revoked key out of its roles and out of the list of keys", async () => {
    const { document } = await firstRoot();
    const next = draftNextRoot(document, { ...NOTHING, revokeKeys: [id(SPARE)] });
    expect(next.roles.release.keyIds).toEqual([id(RELEASE)]);
    expect(next.keys.map(({ keyId }) => keyId)).not.toContain(id(SPARE));
    expect(next.revokedKeys).toEqual([id(SPARE)]);
  });

  it("brings the role countersign with its first key and takes it with its last", async () => {
    const { document } = await firstRoot();
    const owner = { role: "countersign", key: key(OWNER).publicKey, label: "owner" } as const;
    const withOwner = draftNextRoot(document, { ...NOTHING, add: [owner] });
    expect(withOwner.roles.countersign).toEqual({ keyIds: [id(OWNER)], threshold: 1 });
    expect(withOwner.keys.find(({ keyId }) => keyId === id(OWNER))?.label).toBe("owner");
    const without = draftNextRoot(withOwner, { ...NOTHING, remove: [{ role: "countersign", keyId: id(OWNER) }] });
    expect(without.roles).not.toHaveProperty("countersign");
    expect(without.keys).toHaveLength(4);
  });

  it("adds permissions to those that are there, or leaves all of them out", async () => {
    const { document } = await firstRoot();
    const successors = [{ name: "os", successor: "next" }];
    const one = draftNextRoot(document, { ...NOTHING, downgrades: [DIGEST], successors });
    const two = draftNextRoot(one, { ...NOTHING, successors: [...successors, { name: "os", successor: "other" }] });
    expect([two.downgrades, two.successors]).toEqual([[DIGEST], { os: ["next", "other"] }]);
    const none = parseRootDocument(formatRootDocument(draftNextRoot(two, { ...NOTHING, dropPermissions: true })));
    expect(none).not.toHaveProperty("downgrades");
    expect(none).not.toHaveProperty("successors");
  });
});

describe("the signatures of the next root", () => {
  it("are wanted by the old threshold and by the new one, and are enough exactly when a device takes the step", async () => {
    const old = await firstRoot();
    const add = [{ role: "root", key: key(C).publicKey, label: "c" }] as const;
    const next = draftNextRoot(old.document, { ...NOTHING, add, remove: [{ role: "root", keyId: id(A) }] });
    const holders = [A, B, C, RELEASE];
    for (let mask = 0; mask < 1 << holders.length; mask++) {
      const envelope = await sign(next, ...holders.filter((_, bit) => mask & (1 << bit)));
      const standings = [old.document, next].map((judge) => rootStanding(envelope, judge));
      const takes = () => verifySuccessor(old, parseRoot(formatEnvelope(envelope)));
      if (standings.every(({ missing }) => missing === 0)) expect(takes).not.toThrow();
      else expect(takes).toThrow();
      for (const { waiting, signedBy } of standings) expect(waiting.length + signedBy.length).toBe(2);
    }
  });

  it("do not count when they do not fit", async () => {
    const old = await firstRoot();
    const envelope = await sign(draftNextRoot(old.document, NOTHING), A, B);
    const [first, ...others] = envelope.signatures;
    if (first === undefined) throw new Error("it was signed");
    const bad = { ...envelope, signatures: [{ ...first, sig: Buffer.alloc(64) }, ...others] };
    expect(rootStanding(bad, old.document)).toMatchObject({ missing: 1, waiting: [first.keyId] });
    expect(() => joinRoots([bad])).toThrow(expect.objectContaining({ code: "TRUST_SIGNATURE_UNFIT" }));
  });

  it("come together from copies, whatever the order of the roots", async () => {
    const old = await firstRoot();
    const next = draftNextRoot(old.document, NOTHING);
    const joined = joinRoots([await sign(next, B), old.envelope, await sign(next, A)]);
    expect(joined.map(({ document, envelope }) => [document.version, envelope.signatures.length])).toEqual([
      [1, 2],
      [2, 2],
    ]);
  });
});
