/** The parts of which vectors are made: one good release, its root, and a device that takes it. */
import { STATEMENT_PAYLOAD_TYPE } from "../../../src/bundle/media-type.ts";
import { formatStatement, type Statement } from "../../../src/bundle/statement.ts";
import { digestOf } from "../../../src/oci/digest.ts";
import { formatEnvelope, signPayload } from "../../../src/trust/dsse.ts";
import { createRoot, type RootDraft } from "../../../src/trust/root.ts";
import { INITIAL_TRUST_STATE, type TrustState } from "../../../src/trust/state.ts";
import { type BuiltImage, buildImage, CREATED_AT } from "./image.ts";
import { MediumDraft } from "./medium-draft.ts";
import { type TestKeyName, testKey, testSigner } from "./test-keys.ts";
import type { VectorContext } from "./vector.ts";

export const NAME = "kiosk-os";
const COMPATIBLE = "acme-kiosk-v2";

export const CONTEXT: VectorContext = {
  root: "single",
  device: { compatible: COMPATIBLE, architecture: "amd64", deviceId: "kiosk-0007", agentVersion: "1.0.0" },
  followName: NAME,
  state: INITIAL_TRUST_STATE,
  synchronisedNowUtc: null,
};

/** The state of a device that has confirmed another release of this sequence. */
export function floor(sequence: number): TrustState {
  const payloadDigest = digestOf(`another release of sequence ${sequence}`);
  return { ...CONTEXT.state, floors: { [NAME]: { sequence, payloadDigest } }, followedName: NAME };
}

/** A release of `image` as it should be, changed as `overrides` say. */
export function statementOf(image: BuiltImage, overrides: Partial<Statement> = {}): Statement {
  return {
    specVersion: "1",
    name: NAME,
    version: "42.3.1",
    sequence: 42,
    createdAt: CREATED_AT,
    expiresAt: null,
    notes: "Fixes the door sensor.",
    targets: [targetOf(image)],
    requires: {},
    ...overrides,
  };
}

export function targetOf(image: BuiltImage): Statement["targets"][number] {
  const { manifest, tree } = image;
  return { compatible: COMPATIBLE, architecture: "amd64", devices: null, image: manifest, apps: [], tree };
}

/** @param payload a statement, or the very bytes to sign */
export async function envelopeOf(
  payload: Statement | Buffer,
  signers: readonly TestKeyName[] = ["release-a"],
  payloadType: string = STATEMENT_PAYLOAD_TYPE,
): Promise<Buffer> {
  const bytes = Buffer.isBuffer(payload) ? payload : formatStatement(payload);
  return formatEnvelope(await signPayload(payloadType, bytes, signers.map(testSigner)));
}

/** A medium with one good release of version 42.3.1 on it. */
export async function goodMedium(
  overrides: Partial<Statement> = {},
  signers: readonly TestKeyName[] = ["release-a"],
): Promise<{ medium: MediumDraft; image: BuiltImage; statement: Statement; envelope: Buffer }> {
  const image = await buildImage({ version: "42.3.1" });
  const statement = statementOf(image, overrides);
  const envelope = await envelopeOf(statement, signers);
  const medium = new MediumDraft().addImage(image, statement);
  medium.addRelease(envelope, statement);
  return { medium, image, statement, envelope };
}

export const keysOf = (...names: readonly TestKeyName[]) => names.map((name) => testKey(name).publicKey);

export const SINGLE_ROOT: RootDraft = {
  version: 1,
  createdAt: CREATED_AT,
  expiresAt: null,
  roles: {
    root: { keys: keysOf("root-a"), threshold: 1 },
    release: { keys: keysOf("release-a", "release-b"), threshold: 1 },
  },
};

const TWO_OF_THREE = { keys: keysOf("release-a", "release-b", "release-c"), threshold: 2 };

/** The trusted roots that contexts name. */
export const ROOT_DRAFTS: Readonly<
  Record<string, { readonly draft: RootDraft; readonly signers: readonly TestKeyName[] }>
> = {
  single: { draft: SINGLE_ROOT, signers: ["root-a"] },
  "two-of-three": {
    draft: {
      ...SINGLE_ROOT,
      roles: { root: { keys: keysOf("root-a", "root-b"), threshold: 2 }, release: TWO_OF_THREE },
    },
    signers: ["root-a", "root-b"],
  },
  countersigned: {
    draft: {
      ...SINGLE_ROOT,
      roles: { ...SINGLE_ROOT.roles, countersign: { keys: keysOf("countersign"), threshold: 1 } },
    },
    signers: ["root-a"],
  },
  "key-revoked": {
    draft: { ...SINGLE_ROOT, version: 2, revokedKeys: keysOf("release-a").map(({ keyId }) => keyId) },
    signers: ["root-a"],
  },
  minimum: { draft: { ...SINGLE_ROOT, minSequences: { [NAME]: 43 } }, signers: ["root-a"] },
  successor: { draft: { ...SINGLE_ROOT, successors: { "kiosk-classic": [NAME] } }, signers: ["root-a"] },
  expiring: { draft: { ...SINGLE_ROOT, expiresAt: "2027-01-01T00:00:00Z" }, signers: ["root-a"] },
};

export async function rootEnvelope(draft: RootDraft, signers: readonly TestKeyName[]): Promise<Buffer> {
  return formatEnvelope(await createRoot(draft, signers.map(testSigner)));
}
