import { describe, expect, it } from "vitest";
import { rootEnvelope, SINGLE_ROOT } from "../../../bundle-format/vectors/source/parts.ts";
import { type TestKeyName, testKey } from "../../../bundle-format/vectors/source/test-keys.ts";
import { type EnvelopeSignature, formatEnvelope, parseEnvelope } from "../../../src/trust/dsse.ts";
import { parseRoot, type RootDraft, type TrustedRoot } from "../../../src/trust/root.ts";
import {
  extendRoot,
  newestOf,
  parseRootFile,
  replacesReleaseKeys,
  verifySuccessor,
} from "../../../src/trust/root-chain.ts";

const keysOf = (...names: readonly TestKeyName[]) => names.map((name) => testKey(name).publicKey);
const idOf = (name: TestKeyName) => testKey(name).publicKey.keyId;

interface Shape {
  readonly roots?: readonly TestKeyName[];
  readonly threshold?: number;
  readonly releases?: readonly TestKeyName[];
  readonly signers?: readonly TestKeyName[];
  readonly changes?: Partial<RootDraft>;
}

/** The envelope of a root; by default its root key and its only signer is root-a. */
function envelope(version: number, { roots = ["root-a"], threshold = 1, releases, signers, changes }: Shape = {}) {
  const release = releases === undefined ? SINGLE_ROOT.roles.release : { keys: keysOf(...releases), threshold: 1 };
  const roles = { root: { keys: keysOf(...roots), threshold }, release };
  return rootEnvelope({ ...SINGLE_ROOT, version, roles, ...changes }, signers ?? roots.slice(0, threshold));
}

const root = async (version: number, shape: Shape = {}) => parseRoot(await envelope(version, shape));

const refusal = (code: string) => expect.objectContaining({ code });

const TWO_OF_THREE = { roots: ["root-a", "root-b", "stranger"], threshold: 2 } as const;

describe("the successor of a root", () => {
  it("is the next version, signed by the keys of the one before and by its own (BF-3.11)", async () => {
    const moved = await root(2, { roots: ["root-b"], signers: ["root-a", "root-b"] });
    expect(() => verifySuccessor(moved, moved)).toThrow(refusal("TRUST_ROOT_NOT_SUCCESSOR"));
    verifySuccessor(await root(1), moved);
  });

  it.each([0, 1, 3, 4].map((step) => [step]))(
    "is not two versions on, nor the same, nor lower: 2 to %i",
    async (to) => {
      if (to === 0) return expect(root(0)).rejects.toThrow(refusal("TRUST_ROOT_INVALID"));
      const [current, next] = [await root(2), await root(to)];
      if (to === 3) verifySuccessor(current, next);
      else expect(() => verifySuccessor(current, next)).toThrow(refusal("TRUST_ROOT_NOT_SUCCESSOR"));
    },
  );

  it("is refused when the old keys have not signed it, with the reason and both versions", async () => {
    const byNewOnly = await root(2, { roots: ["root-b"], signers: ["root-b"] });
    const first = await root(1);
    expect(() => verifySuccessor(first, byNewOnly)).toThrow(refusal("TRUST_KEY_UNKNOWN"));
    expect(() => verifySuccessor(first, byNewOnly)).toThrow(/^root version 2 does not succeed version 1: no key/);
  });

  it("is refused when the new keys have not signed it", async () => {
    const byOldOnly = envelope(2, { roots: ["root-b"], signers: ["root-a"] });
    await expect(byOldOnly.then(parseRoot)).rejects.toThrow(refusal("TRUST_KEY_UNKNOWN"));
  });

  it("counts the signature of an old key that it revokes itself for the old threshold (BF-3.13)", async () => {
    const changes = { revokedKeys: [idOf("root-a")] };
    const signers = ["root-a", "root-b"] as const;
    verifySuccessor(await root(1), await root(2, { roots: ["root-a", "root-b"], signers, changes }));
  });

  it("does not count old keys that the old root has revoked (BF-3.13)", async () => {
    const revoking = await root(1, {
      roots: ["root-a", "root-b"],
      changes: { revokedKeys: [idOf("root-b")] },
    });
    const next = await root(2, { roots: ["root-b"], signers: ["root-b"] });
    expect(() => verifySuccessor(revoking, next)).toThrow(refusal("TRUST_KEY_REVOKED"));
  });

  it("needs two of three old keys where the old root says so, whatever it asks itself", async () => {
    const current = await root(1, TWO_OF_THREE);
    const byOne = await root(2, { roots: ["root-a"] });
    expect(() => verifySuccessor(current, byOne)).toThrow(refusal("TRUST_THRESHOLD_NOT_MET"));
    verifySuccessor(current, await root(2, { roots: ["root-a"], signers: ["root-a", "stranger"] }));
  });

  it("may have expired long ago: only the last root is asked (BF-3.15)", async () => {
    verifySuccessor(await root(1), await root(2, { changes: { expiresAt: "2001-01-01T00:00:00Z" } }));
  });
});

describe("two of three root keys", () => {
  /** Changes what was signed, and has it signed again by root-a and root-b. */
  const twiceSigned = async (change: (signatures: readonly EnvelopeSignature[]) => readonly EnvelopeSignature[]) => {
    const { signatures, ...rest } = parseEnvelope(await envelope(1, { ...TWO_OF_THREE, signers: ["root-a"] }));
    return formatEnvelope({ ...rest, signatures: change(signatures) });
  };

  it("are not one key that signs twice (BF-2.7)", async () => {
    const bytes = await twiceSigned((signatures) => [...signatures, ...signatures]);
    expect(() => parseRoot(bytes)).toThrow(refusal("TRUST_THRESHOLD_NOT_MET"));
  });

  it("are not one signature under the id of another key", async () => {
    const bytes = await twiceSigned(([own]) =>
      own === undefined ? [] : [own, { keyId: idOf("root-b"), sig: own.sig }],
    );
    expect(() => parseRoot(bytes)).toThrow(refusal("TRUST_SIGNATURE_INVALID"));
  });

  it("are not one key that is listed twice (BF-3.5)", async () => {
    const [first] = keysOf("root-a");
    if (first === undefined) throw new Error("a key");
    const roles = { ...SINGLE_ROOT.roles, root: { keys: [first, first, ...keysOf("root-b")], threshold: 2 } };
    await expect(envelope(1, { changes: { roles } })).rejects.toThrow(refusal("TRUST_ROOT_INVALID"));
  });
});

describe("extending a root by what a medium carries", () => {
  const rotation = async () => [
    await root(2, { roots: ["root-b"], signers: ["root-a", "root-b"] }),
    await root(3, { roots: ["root-b", "stranger"], threshold: 2 }),
  ];

  it("goes through all versions that are there, in any order", async () => {
    const steps = extendRoot(await root(1), (await rotation()).toReversed());
    expect(steps.map(({ version }) => version)).toEqual([2, 3]);
  });

  it("stops at a gap, and goes on from where it stands", async () => {
    const [second, third] = await rotation();
    if (second === undefined || third === undefined) throw new Error("two roots");
    expect(extendRoot(await root(1), [third])).toEqual([]);
    expect(extendRoot(second, [third])).toEqual([third]);
  });

  it("is not moved by versions that it has had, nor by itself (BF-3.14)", async () => {
    const all = [await root(1), ...(await rotation())];
    const newest = all.at(-1) as TrustedRoot;
    expect(extendRoot(newest, all)).toEqual([]);
  });

  it("finds the root that verifies among decoys of its version", async () => {
    const decoy = await root(2, { roots: ["stranger"] });
    const [second] = await rotation();
    if (second === undefined) throw new Error("a root");
    expect(extendRoot(await root(1), [decoy, second, decoy])).toEqual([second]);
    expect(extendRoot(await root(1), [decoy])).toEqual([]);
  });
});

describe("a root file", () => {
  const chain = async () => [
    await envelope(1),
    await envelope(2, { roots: ["root-b"], signers: ["root-a", "root-b"] }),
    await envelope(3, { roots: ["root-b"] }),
  ];

  it("holds a chain, one envelope on each line, as `cat` makes it (BF-3.18)", async () => {
    const roots = parseRootFile(Buffer.concat(await chain()));
    expect(roots.map(({ version }) => version)).toEqual([1, 2, 3]);
    expect(newestOf(roots).version).toBe(3);
    expect(Buffer.concat(roots.map((it) => formatEnvelope(it.envelope)))).toEqual(Buffer.concat(await chain()));
  });

  it("bears blank lines and the line ends of other systems", async () => {
    const text = (await chain()).map((it) => it.toString().trimEnd()).join("\r\n\r\n");
    expect(parseRootFile(Buffer.from(text))).toHaveLength(3);
  });

  it("may hold a single root that is spread over many lines", async () => {
    const pretty = JSON.stringify(JSON.parse(String(await envelope(7))), null, 2);
    expect(newestOf(parseRootFile(Buffer.from(pretty))).version).toBe(7);
  });

  it.each<[string, string, (parts: readonly Buffer[]) => readonly (Buffer | string)[]]>([
    ["a gap", "TRUST_ROOT_NOT_SUCCESSOR", ([one = "", , three = ""]) => [one, three]],
    ["the wrong order", "TRUST_ROOT_NOT_SUCCESSOR", (parts) => parts.toReversed()],
    ["one root twice", "TRUST_ROOT_NOT_SUCCESSOR", ([one = ""]) => [one, one]],
    ["something else on a line", "OCI_JSON_INVALID", ([one = ""]) => [one, "and more"]],
    ["nothing", "OCI_JSON_INVALID", () => []],
    ["a line without end", "TRUST_ENVELOPE_INVALID", () => ["{".repeat((8 << 20) + 1)]],
  ])("is refused whole with %s in it", async (_, code, change) => {
    const bytes = Buffer.concat(change(await chain()).map((part) => Buffer.from(part)));
    expect(() => parseRootFile(bytes)).toThrow(refusal(code));
  });

  it("is refused when a step in it is not signed by the keys before", async () => {
    const bytes = Buffer.concat([await envelope(1), await envelope(2, { roots: ["root-b"] })]);
    expect(() => parseRootFile(bytes)).toThrow(refusal("TRUST_KEY_UNKNOWN"));
  });
});

describe("a root that replaces the release keys (BF-3.16)", () => {
  const releases = (...names: readonly TestKeyName[]) => ({ releases: names });

  it.each<[string, boolean, Shape, Shape]>([
    ["has none of the old ones", true, releases("release-a"), releases("release-b")],
    ["keeps one of two, where one suffices", false, releases("release-a", "release-b"), releases("release-b")],
    [
      "lists an old one and revokes it",
      true,
      releases("release-a"),
      { ...releases("release-a", "release-b"), changes: { revokedKeys: [idOf("release-a")] } },
    ],
    [
      "brings back one that was revoked before",
      false,
      { ...releases("release-a", "release-b"), changes: { revokedKeys: [idOf("release-b")] } },
      releases("release-b"),
    ],
  ])("is one that %s: %s", async (_, expected, old, next) => {
    expect(replacesReleaseKeys(await root(1, old), await root(2, next))).toBe(expected);
  });

  it("keeps fewer of the old ones than the new threshold", async () => {
    const roles = { ...SINGLE_ROOT.roles, release: { keys: keysOf("release-b", "release-c"), threshold: 2 } };
    const next = await root(2, { changes: { roles } });
    expect(replacesReleaseKeys(await root(1, releases("release-a", "release-b")), next)).toBe(true);
    expect(replacesReleaseKeys(await root(1, releases("release-b", "release-c")), next)).toBe(false);
  });

  it("is none when a key that has countersigned releases now signs them alone", async () => {
    const countersign = { keys: keysOf("countersign"), threshold: 1 };
    const old = await root(1, { changes: { roles: { ...SINGLE_ROOT.roles, countersign } } });
    expect(replacesReleaseKeys(old, await root(2, releases("countersign")))).toBe(false);
  });
});
