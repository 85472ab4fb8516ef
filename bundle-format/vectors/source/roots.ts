/** Root documents in their envelopes, and envelopes that are none. */
import { createHash } from "node:crypto";
import { formatEnvelope, signPayload } from "../../../src/trust/dsse.ts";
import { formatPublicKeyDer, publicKeyOf } from "../../../src/trust/keys.ts";
import { ROOT_PAYLOAD_TYPE } from "../../../src/trust/root.ts";
import { goodMedium, ROOT_DRAFTS, rootEnvelope, SINGLE_ROOT } from "./parts.ts";
import { type TestKeyName, testKey, testSigner } from "./test-keys.ts";
import { type Vector, vectorFile } from "./vector.ts";

interface RootJson {
  specVersion: string;
  keys: { keyId: string; publicKey: string }[];
  roles: Record<string, { keyIds: string[]; threshold: number }>;
  revokedKeys: string[];
}

interface Case {
  readonly name: string;
  readonly clause: string;
  readonly about: string;
  readonly code: string;
  readonly change?: (root: RootJson) => unknown;
  readonly signers?: readonly TestKeyName[];
}

const idOf = (name: TestKeyName) => publicKeyOf(testKey(name)).keyId;

function entryOf(name: TestKeyName) {
  return keyEntry(formatPublicKeyDer(publicKeyOf(testKey(name))));
}

function keyEntry(der: Buffer) {
  const keyId = createHash("sha256").update(der).digest("hex");
  return { keyId, keyType: "ed25519", publicKey: der.toString("base64"), label: "" };
}

const SPKI_PREFIX = Buffer.from("302a300506032b6570032100", "hex");
const SMALL_ORDER_KEY = keyEntry(Buffer.concat([SPKI_PREFIX, Buffer.of(1), Buffer.alloc(31)]));

const CASES: readonly Case[] = [
  {
    name: "root-not-self-signed",
    clause: "BF-3.3",
    about: "Signed by a release key and not by the root key.",
    code: "TRUST_KEY_UNKNOWN",
    signers: ["release-a"],
  },
  {
    name: "root-threshold-not-met",
    clause: "BF-3.3",
    about: "One signature where the root role wants two.",
    code: "TRUST_THRESHOLD_NOT_MET",
    change: (root) => ({
      ...root,
      keys: [...root.keys, entryOf("root-b")],
      roles: { ...root.roles, root: { keyIds: [idOf("root-a"), idOf("root-b")], threshold: 2 } },
    }),
  },
  {
    name: "root-role-missing",
    clause: "BF-3.1",
    about: "There is no role release.",
    code: "TRUST_ROOT_INVALID",
    change: ({ roles: { root }, ...rest }) => ({ ...rest, roles: { root } }),
  },
  {
    name: "root-role-unknown",
    clause: "BF-3.1",
    about: "There is a role that version 1 does not have.",
    code: "TRUST_ROOT_INVALID",
    change: (root) => ({ ...root, roles: { ...root.roles, admin: root.roles["release"] } }),
  },
  {
    name: "root-spec-version-unknown",
    clause: "BF-3.2",
    about: "A later version of the format.",
    code: "TRUST_ROOT_VERSION_UNSUPPORTED",
    change: (root) => ({ ...root, specVersion: "2" }),
  },
  {
    name: "root-key-id-wrong",
    clause: "BF-3.4",
    about: "A key stands under the id of another one.",
    code: "TRUST_ROOT_INVALID",
    change: (root) => ({
      ...root,
      keys: root.keys.map((key) =>
        key.keyId === idOf("release-a") ? { ...entryOf("stranger"), keyId: key.keyId } : key,
      ),
    }),
  },
  {
    name: "root-key-of-small-order",
    clause: "BF-2.2",
    about: "The neutral element as a key: it verifies a signature over anything.",
    code: "TRUST_ROOT_INVALID",
    change: (root) => ({ ...root, keys: [...root.keys, SMALL_ORDER_KEY] }),
  },
  {
    name: "root-role-names-unlisted-key",
    clause: "BF-3.5",
    about: "A role names a key that is not listed.",
    code: "TRUST_ROOT_INVALID",
    change: (root) => ({ ...root, roles: { ...root.roles, release: { keyIds: [idOf("stranger")], threshold: 1 } } }),
  },
  {
    name: "root-role-names-key-twice",
    clause: "BF-3.5",
    about: "A role names one key twice.",
    code: "TRUST_ROOT_INVALID",
    change: (root) => ({
      ...root,
      roles: { ...root.roles, release: { keyIds: [idOf("release-a"), idOf("release-a")], threshold: 1 } },
    }),
  },
  {
    name: "root-key-listed-twice",
    clause: "BF-3.5",
    about: "One key is listed twice.",
    code: "TRUST_ROOT_INVALID",
    change: (root) => ({ ...root, keys: [...root.keys, entryOf("root-a")] }),
  },
  {
    name: "root-key-under-two-ids",
    clause: "BF-3.4",
    about: "Two of two root keys are wanted, and the one key is listed under a second id as well.",
    code: "TRUST_ROOT_INVALID",
    change: (root) => ({
      ...root,
      keys: [...root.keys, { ...entryOf("root-a"), keyId: idOf("root-b") }],
      roles: { ...root.roles, root: { keyIds: [idOf("root-a"), idOf("root-b")], threshold: 2 } },
    }),
  },
  {
    name: "root-lowest-sequence-zero",
    clause: "BF-3.17",
    about: "A lowest sequence of 0.",
    code: "TRUST_ROOT_INVALID",
    change: (root) => ({ ...root, minSequences: { "kiosk-os": 0 } }),
  },
  {
    name: "root-lowest-sequence-of-a-prototype",
    clause: "BF-3.17",
    about: "A lowest sequence under a name that is none and that some languages give to every object.",
    code: "TRUST_ROOT_INVALID",
    change: (root) => ({ ...root, minSequences: JSON.parse('{"__proto__":1}') }),
  },
  {
    name: "root-downgrade-no-digest",
    clause: "BF-3.17",
    about: "A permitted downgrade that is no sha256 digest.",
    code: "TRUST_ROOT_INVALID",
    change: (root) => ({ ...root, downgrades: ["sha512:00"] }),
  },
  {
    name: "root-successor-traversal",
    clause: "BF-3.17",
    about: "A successor that is no release name.",
    code: "TRUST_ROOT_INVALID",
    change: (root) => ({ ...root, successors: { "kiosk-os": ["../kiosk-os"] } }),
  },
  {
    name: "root-threshold-out-of-reach",
    clause: "BF-3.6",
    about: "The release role wants two keys and one of its two is revoked.",
    code: "TRUST_ROOT_INVALID",
    change: (root) => ({
      ...root,
      roles: { ...root.roles, release: { keyIds: [idOf("release-a"), idOf("release-b")], threshold: 2 } },
      revokedKeys: [idOf("release-b")],
    }),
  },
  {
    name: "root-countersigns-itself",
    clause: "BF-3.7",
    about: "One key stands in role release and in role countersign.",
    code: "TRUST_ROOT_INVALID",
    change: (root) => ({
      ...root,
      roles: { ...root.roles, countersign: { keyIds: [idOf("release-a")], threshold: 1 } },
    }),
  },
];

export async function rootVectors(): Promise<readonly Vector[]> {
  const good = await rootEnvelope(SINGLE_ROOT, ["root-a"]);
  const { payload } = JSON.parse(good.toString()) as { payload: string };
  const { envelope } = await goodMedium();
  return [
    ...(await goodRoots()),
    ...(await Promise.all(CASES.map((it) => vectorOf(it, payload)))),
    {
      ...vectorOfEnvelope("release-envelope-as-root", "A release stands where a root document should be.", envelope),
      clauses: ["BF-2.5"],
      expect: { result: "refused", code: "TRUST_PAYLOAD_TYPE" },
    },
  ];
}

async function goodRoots(): Promise<readonly Vector[]> {
  const roots = Object.entries(ROOT_DRAFTS).map(async ([name, { draft, signers }]): Promise<Vector> => {
    const envelope = await rootEnvelope(draft, signers);
    return {
      ...vectorOfEnvelope(`root-${name}`, "A root that contexts of other vectors name.", envelope),
      clauses: ["BF-3.1"],
      expect: { result: "valid", rootVersion: draft.version },
    };
  });
  return Promise.all(roots);
}

async function vectorOf(
  { name, clause, about, code, change, signers = ["root-a"] }: Case,
  good: string,
): Promise<Vector> {
  const root = JSON.parse(Buffer.from(good, "base64").toString()) as RootJson;
  const payload = Buffer.from(`${JSON.stringify(change === undefined ? root : change(root), null, 2)}\n`);
  const envelope = formatEnvelope(await signPayload(ROOT_PAYLOAD_TYPE, payload, signers.map(testSigner)));
  return { ...vectorOfEnvelope(name, about, envelope), clauses: [clause], expect: { result: "refused", code } };
}

function vectorOfEnvelope(name: string, about: string, envelope: Buffer): Vector {
  return {
    name,
    kind: "root",
    clauses: [],
    about,
    files: { document: vectorFile(envelope) },
    expect: { result: "valid" },
  };
}
