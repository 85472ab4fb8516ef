/** How roots succeed each other: chains in root files, and chains that a medium brings to a device. */
import { formatEnvelope, parseEnvelope } from "../../../src/trust/dsse.ts";
import type { RootDraft } from "../../../src/trust/root.ts";
import { CONTEXT, floor, goodMedium, keysOf, rootEnvelope, SINGLE_ROOT } from "./parts.ts";
import { type TestKeyName, testKey } from "./test-keys.ts";
import { type Vector, type VectorContext, type VectorExpectation, vectorFile } from "./vector.ts";

interface Shape {
  readonly roots?: readonly TestKeyName[];
  readonly releases?: readonly TestKeyName[];
  readonly threshold?: number;
  /** By default its own root keys, as many as it asks for. */
  readonly signers?: readonly TestKeyName[];
  readonly changes?: Partial<RootDraft>;
}

/** A root; by default with the keys of `single`. */
function rootOf(version: number, shape: Shape = {}): Promise<Buffer> {
  const { roots = ["root-a"], releases = ["release-a", "release-b"], threshold = 1, changes } = shape;
  const roles = {
    root: { keys: keysOf(...roots), threshold },
    release: { keys: keysOf(...releases), threshold: 1 },
  };
  const signers = shape.signers ?? roots.slice(0, threshold);
  return rootEnvelope({ ...SINGLE_ROOT, version, roles, ...changes }, signers);
}

/** Root key a hands over to b, and release keys a and b to c. The middle root has expired long ago. */
const first = () => rootOf(1);
const second = () =>
  rootOf(2, {
    roots: ["root-b"],
    signers: ["root-a", "root-b"],
    changes: { expiresAt: "2026-11-20T10:00:01Z" },
  });
const third = () => rootOf(3, { roots: ["root-b"], releases: ["release-c"] });

const TWO_OF_THREE = { roots: ["root-a", "root-b", "stranger"], threshold: 2 } as const;

interface FileCase {
  readonly name: string;
  readonly clauses: readonly string[];
  readonly about: string;
  readonly roots: readonly (Promise<Buffer> | string)[];
  readonly expect: VectorExpectation;
}

const refused = (code: string): VectorExpectation => ({ result: "refused", code });
const valid = (rootVersion: number): VectorExpectation => ({ result: "valid", rootVersion });

const FILES: readonly FileCase[] = [
  {
    name: "root-chain",
    clauses: ["BF-3.11", "BF-3.15", "BF-3.18"],
    about: "Three roots, each signed by the root key of the one before; the second has expired.",
    roots: [first(), second(), third()],
    expect: valid(3),
  },
  {
    name: "root-chain-from-the-middle",
    clauses: ["BF-3.18"],
    about: "A chain that begins at version 2, with blank lines and carriage returns.",
    roots: ["\r\n", second(), "\r\n\n", third(), "\n"],
    expect: valid(3),
  },
  {
    name: "root-chain-gap",
    clauses: ["BF-3.11"],
    about: "Version 2 is missing, though the root key of version 1 has signed version 3 too.",
    roots: [first(), rootOf(3, { roots: ["root-b"], signers: ["root-a", "root-b"] })],
    expect: refused("TRUST_ROOT_NOT_SUCCESSOR"),
  },
  {
    name: "root-chain-descending",
    clauses: ["BF-3.11", "BF-3.18"],
    about: "The roots stand in the wrong order.",
    roots: [second(), first()],
    expect: refused("TRUST_ROOT_NOT_SUCCESSOR"),
  },
  {
    name: "root-chain-same-version",
    clauses: ["BF-3.11", "BF-3.14"],
    about: "A second root of version 1, by the same keys.",
    roots: [first(), rootOf(1, { releases: ["release-c"] })],
    expect: refused("TRUST_ROOT_NOT_SUCCESSOR"),
  },
  {
    name: "root-chain-by-new-key-only",
    clauses: ["BF-3.11"],
    about: "Version 2 is signed by its own root key and not by that of version 1.",
    roots: [first(), rootOf(2, { roots: ["root-b"] })],
    expect: refused("TRUST_KEY_UNKNOWN"),
  },
  {
    name: "root-chain-by-old-key-only",
    clauses: ["BF-3.11", "BF-3.3"],
    about: "Version 2 is signed by the root key of version 1 and not by its own.",
    roots: [first(), rootOf(2, { roots: ["root-b"], signers: ["root-a"] })],
    expect: refused("TRUST_KEY_UNKNOWN"),
  },
  {
    name: "root-chain-revokes-its-signer",
    clauses: ["BF-3.13"],
    about: "Version 2 revokes the root key of version 1, whose signature still carries it.",
    roots: [
      first(),
      rootOf(2, {
        roots: ["root-a", "root-b"],
        signers: ["root-a", "root-b"],
        changes: { revokedKeys: keysOf("root-a").map(({ keyId }) => keyId) },
      }),
    ],
    expect: valid(2),
  },
  {
    name: "root-chain-by-revoked-key",
    clauses: ["BF-3.11", "BF-3.13"],
    about: "Version 2 is signed by a root key that version 1 has revoked.",
    roots: [
      rootOf(1, {
        roots: ["root-a", "root-b"],
        changes: { revokedKeys: keysOf("root-b").map(({ keyId }) => keyId) },
      }),
      rootOf(2, { roots: ["root-b"] }),
    ],
    expect: refused("TRUST_KEY_REVOKED"),
  },
  {
    name: "root-chain-threshold-of-the-old-root",
    clauses: ["BF-3.11"],
    about: "Version 1 wants two of three root keys; version 2, which wants one, is signed by one.",
    roots: [rootOf(1, TWO_OF_THREE), rootOf(2)],
    expect: refused("TRUST_THRESHOLD_NOT_MET"),
  },
  {
    name: "root-two-of-three-one-key-twice",
    clauses: ["BF-2.7", "BF-3.3"],
    about: "Two signatures are wanted, and one key has signed twice.",
    roots: [resigned(([own]) => (own === undefined ? [] : [own, own]))],
    expect: refused("TRUST_THRESHOLD_NOT_MET"),
  },
  {
    name: "root-two-of-three-under-another-id",
    clauses: ["BF-2.7", "BF-3.3"],
    about: "Two signatures are wanted, and that of one key stands under the id of another as well.",
    roots: [
      resigned(([own]) => (own === undefined ? [] : [own, { ...own, keyId: testKey("root-b").publicKey.keyId }])),
    ],
    expect: refused("TRUST_SIGNATURE_INVALID"),
  },
];

type Signatures = ReturnType<typeof parseEnvelope>["signatures"];

async function resigned(change: (signatures: Signatures) => Signatures): Promise<Buffer> {
  const envelope = parseEnvelope(await rootOf(1, { ...TWO_OF_THREE, signers: ["root-a"] }));
  return formatEnvelope({ ...envelope, signatures: change(envelope.signatures) });
}

interface MediumCase {
  readonly name: string;
  readonly clauses: readonly string[];
  readonly about: string;
  readonly carried: readonly Promise<Buffer>[];
  readonly signer: TestKeyName;
  readonly context?: Partial<VectorContext>;
  readonly expect: VectorExpectation;
}

const MEDIA: readonly MediumCase[] = [
  {
    name: "roots-two-steps",
    clauses: ["BF-3.11", "BF-3.14", "BF-5.5", "BF-6.15"],
    about:
      "A device with root 1 is led through roots 2 and 3, in any order and past decoys, to a release of root 3's key.",
    carried: [third(), rootOf(2, { roots: ["stranger"] }), second(), rootOf(3, { roots: ["stranger"] })],
    signer: "release-c",
    expect: { result: "valid", sequence: 42 },
  },
  {
    name: "roots-with-a-gap",
    clauses: ["BF-3.11", "BF-2.8"],
    about: "The same without root 2: root 3 does not count, nor does its key.",
    carried: [third()],
    signer: "release-c",
    expect: refused("TRUST_KEY_UNKNOWN"),
  },
  {
    name: "roots-of-a-stranger",
    clauses: ["BF-3.11", "BF-2.8"],
    about: "A root 2 by nobody that root 1 knows names the key that has signed the release.",
    carried: [rootOf(2, { roots: ["stranger"], releases: ["stranger"] })],
    signer: "stranger",
    expect: refused("TRUST_KEY_UNKNOWN"),
  },
  {
    name: "roots-revoke-the-signer",
    clauses: ["BF-3.9", "BF-3.11"],
    about: "Root 2 on the medium revokes the key that has signed the release beside it.",
    carried: [rootOf(2, { changes: { revokedKeys: keysOf("release-a").map(({ keyId }) => keyId) } })],
    signer: "release-a",
    expect: refused("TRUST_KEY_REVOKED"),
  },
  {
    name: "roots-replayed",
    clauses: ["BF-3.9", "BF-3.14"],
    about: "The device trusts root 2, which revokes the key; root 1 on the medium changes nothing.",
    carried: [first()],
    signer: "release-a",
    context: { root: "key-revoked" },
    expect: refused("TRUST_KEY_REVOKED"),
  },
  {
    name: "roots-fast-forward-recovery",
    clauses: ["BF-3.16", "BF-6.14"],
    about:
      "A thief of the release keys had sequence 1000 confirmed; root 3 replaces the keys, and sequence 42 installs.",
    carried: [second(), third()],
    signer: "release-c",
    context: { state: floor(1000) },
    expect: { result: "valid", sequence: 42 },
  },
  {
    name: "roots-bring-a-key-back",
    clauses: ["BF-3.16", "BF-6.2", "BF-6.14"],
    about:
      "Root 2 replaces the release keys and root 3 brings an old one back: what that has signed could pass, so the floor stands.",
    carried: [rootOf(2, { releases: ["release-c"] }), rootOf(3, { releases: ["release-a"] })],
    signer: "release-a",
    context: { state: floor(1000) },
    expect: refused("TRUST_SEQUENCE_OLDER"),
  },
  {
    name: "roots-keep-the-floor",
    clauses: ["BF-6.2", "BF-3.16"],
    about: "Root 2 keeps the release keys, so the floor stands.",
    carried: [second()],
    signer: "release-a",
    context: { state: floor(1000) },
    expect: refused("TRUST_SEQUENCE_OLDER"),
  },
];

export async function rootChainVectors(): Promise<readonly Vector[]> {
  return [...(await Promise.all(FILES.map(vectorOfFile))), ...(await Promise.all(MEDIA.map(vectorOfMedium)))];
}

async function vectorOfFile({ roots, ...rest }: FileCase): Promise<Vector> {
  const parts = (await Promise.all(roots)).map((part) => Buffer.from(part));
  return { kind: "root", ...rest, files: { document: vectorFile(Buffer.concat(parts)) } };
}

async function vectorOfMedium({ carried, signer, context, ...rest }: MediumCase): Promise<Vector> {
  const { medium } = await goodMedium({}, [signer]);
  for (const [place, root] of carried.entries()) medium.addRoot(await root, place + 1);
  return { kind: "medium", context: { ...CONTEXT, ...context }, ...rest, files: medium.files() };
}
