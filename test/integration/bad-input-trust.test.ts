/**
 * Releases that a device must not believe or does not want: each is refused with a code of its own and a remedy, and
 * leaves the device as it was.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { BuiltImage } from "../../bundle-format/vectors/source/image.ts";
import type { MediumDraft } from "../../bundle-format/vectors/source/medium-draft.ts";
import { CONTEXT, envelopeOf, ROOT_DRAFTS, rootEnvelope, targetOf } from "../../bundle-format/vectors/source/parts.ts";
import { RELEASE_ARTIFACT_TYPE } from "../../src/bundle/media-type.ts";
import { formatStatement } from "../../src/bundle/statement.ts";
import { digestOf } from "../../src/oci/digest.ts";
import { MEDIA_TYPE } from "../../src/oci/media-type.ts";
import { ROOT_PAYLOAD_TYPE } from "../../src/trust/root.ts";
import {
  agentToml,
  type BadInputDevice,
  honestImage,
  type InsertOptions,
  mediumOf,
  openBadInputDevice,
  type Parts,
  withEnvelope,
} from "../support/bad-media.ts";

let device: BadInputDevice;
let image: BuiltImage;

beforeAll(async () => {
  device = await openBadInputDevice();
  image = await honestImage("42");
});
afterAll(() => device[Symbol.dispose]());
beforeEach(() => device.reset());

interface Case {
  readonly what: string;
  readonly code: string;
  readonly exitStatus: number;
  readonly medium: () => Promise<MediumDraft>;
  readonly on?: InsertOptions;
}

const INDEX = "bootferry/index.json";
const release = (...args: Parameters<typeof mediumOf> extends [unknown, ...infer Rest] ? Rest : never) =>
  mediumOf(image, ...args);
const signedBy = (...signers: Parameters<typeof envelopeOf>[1] & {}) =>
  release({}, signers).then(({ medium }) => medium);

/** The release under an envelope that was changed after it was signed. */
const changed = async (change: (envelope: SignedJson) => unknown) => {
  const parts = await release();
  return withEnvelope(parts, Buffer.from(JSON.stringify(change(JSON.parse(parts.envelope.toString())))));
};

/** The release under an envelope made of bytes. */
const rewritten = async (change: (envelope: string) => string) => {
  const parts = await release();
  return withEnvelope(parts, Buffer.from(change(parts.envelope.toString())));
};

/** Rightly signed, but the payload is not what the statement of a release should be. */
const signedText = async (change: (statement: string) => string) => {
  const parts = await release();
  return withEnvelope(parts, await envelopeOf(Buffer.from(change(formatStatement(parts.statement).toString()))));
};

const indexed = async (change: (index: string, parts: Parts) => string) => {
  const parts = await release();
  return parts.medium.override(INDEX, { text: change(parts.medium.indexText(), parts) });
};

interface SignedJson {
  readonly payloadType: string;
  readonly payload: string;
  readonly signatures: readonly { readonly keyid: string; readonly sig: string }[];
}

const edit = (payload: string, from: string, to: string) => {
  const text = Buffer.from(payload, "base64").toString();
  expect(text).toContain(from);
  return Buffer.from(text.replace(from, to)).toString("base64");
};

const SIGNATURES: readonly Case[] = [
  { what: "a wrong key", code: "TRUST_KEY_UNKNOWN", exitStatus: 3, medium: () => signedBy("stranger") },
  { what: "a key of another role", code: "TRUST_ROLE_MISSING", exitStatus: 3, medium: () => signedBy("root-a") },
  {
    what: "a role of the root that has not signed",
    code: "TRUST_ROLE_MISSING",
    exitStatus: 3,
    medium: () => signedBy("release-a"),
    on: { root: "countersigned" },
  },
  {
    what: "one signature where two are wanted",
    code: "TRUST_THRESHOLD_NOT_MET",
    exitStatus: 3,
    medium: () => signedBy("release-a"),
    on: { root: "two-of-three" },
  },
  {
    what: "two signatures of one key where two keys are wanted",
    code: "TRUST_THRESHOLD_NOT_MET",
    exitStatus: 3,
    medium: () => changed((it) => ({ ...it, signatures: [...it.signatures, ...it.signatures] })),
    on: { root: "two-of-three" },
  },
  {
    what: "a revoked key",
    code: "TRUST_KEY_REVOKED",
    exitStatus: 3,
    medium: () => signedBy("release-a"),
    on: { root: "key-revoked" },
  },
  {
    what: "a payload that was changed",
    code: "TRUST_SIGNATURE_INVALID",
    exitStatus: 3,
    medium: () => changed((it) => ({ ...it, payload: edit(it.payload, '"sequence": 42', '"sequence": 99') })),
  },
  {
    what: "a signature that was changed",
    code: "TRUST_SIGNATURE_INVALID",
    exitStatus: 3,
    medium: () =>
      changed((it) => ({
        ...it,
        signatures: it.signatures.map(({ keyid }) => ({ keyid, sig: Buffer.alloc(64, 1).toString("base64") })),
      })),
  },
  {
    what: "no signature at all",
    code: "TRUST_ENVELOPE_INVALID",
    exitStatus: 3,
    medium: () => changed((it) => ({ ...it, signatures: [] })),
  },
  {
    what: "an envelope that calls a statement a root",
    code: "TRUST_PAYLOAD_TYPE",
    exitStatus: 3,
    medium: () => changed((it) => ({ ...it, payloadType: ROOT_PAYLOAD_TYPE })),
  },
  {
    what: "a root, signed as one, in the place of a release",
    code: "TRUST_PAYLOAD_TYPE",
    exitStatus: 3,
    async medium() {
      const single = ROOT_DRAFTS["single"];
      if (single === undefined) throw new Error("the vectors have a root of this name");
      return withEnvelope(await release(), await rootEnvelope(single.draft, single.signers));
    },
  },
  {
    what: "a statement of a foreign type, signed by the right key",
    code: "TRUST_PAYLOAD_TYPE",
    exitStatus: 3,
    async medium() {
      const parts = await release();
      return withEnvelope(parts, await envelopeOf(parts.statement, ["release-a"], "application/vnd.in-toto+json"));
    },
  },
];

const DOCUMENTS: readonly Case[] = [
  {
    what: "a key that stands twice in the envelope",
    code: "OCI_JSON_DUPLICATE_KEY",
    exitStatus: 6,
    medium: () => rewritten((text) => text.replace("{", '{"payloadType":"x",')),
  },
  {
    what: "a key that stands twice in the signed statement",
    code: "OCI_JSON_DUPLICATE_KEY",
    exitStatus: 6,
    medium: () => signedText((text) => text.replace("{", '{"sequence":43,')),
  },
  {
    what: "a key that stands twice in the signed statement, once in another spelling",
    code: "OCI_JSON_DUPLICATE_KEY",
    exitStatus: 6,
    medium: () => signedText((text) => text.replace("{", '{"\\u0073equence":43,')),
  },
  {
    what: "a key that stands twice in index.json",
    code: "OCI_JSON_DUPLICATE_KEY",
    exitStatus: 6,
    medium: () => indexed((text) => text.replace('"manifests"', '"manifests":[],"manifests"')),
  },
  {
    what: "a signed statement with a member that the spec does not have",
    code: "BUNDLE_MEMBER_UNKNOWN",
    exitStatus: 4,
    medium: () => signedText((text) => text.replace("{", '{"runThis":"rm -rf /",')),
  },
  {
    what: "an envelope that is nested too deep",
    code: "OCI_JSON_TOO_DEEP",
    exitStatus: 6,
    medium: () => rewritten((text) => text.replace("{", `{"x":${"[".repeat(50_000)}${"]".repeat(50_000)},`)),
  },
  {
    what: "a signed statement that is nested too deep",
    code: "OCI_JSON_TOO_DEEP",
    exitStatus: 6,
    medium: () => signedText((text) => text.replace("{", `{"x":${"[".repeat(50_000)}${"]".repeat(50_000)},`)),
  },
  {
    what: "an index.json that is nested too deep",
    code: "OCI_JSON_TOO_DEEP",
    exitStatus: 6,
    medium: () => indexed((text) => text.replace("{", `{"x":${"[".repeat(100_000)}${"]".repeat(100_000)},`)),
  },
  {
    what: "an envelope of over 2 MiB",
    code: "OCI_BLOB_TOO_LARGE",
    exitStatus: 6,
    medium: () => rewritten((text) => text + " ".repeat(2 << 20)),
  },
  {
    what: "an index.json of over 4 MiB",
    code: "OCI_BLOB_TOO_LARGE",
    exitStatus: 6,
    medium: () => indexed((text) => text + " ".repeat(4 << 20)),
  },
  {
    what: "an index.json with too many entries",
    code: "BUNDLE_INDEX_TOO_LONG",
    exitStatus: 6,
    medium: () =>
      indexed(() => {
        const entry = { mediaType: MEDIA_TYPE.manifest, digest: digestOf("no such blob"), size: 1 };
        return JSON.stringify({ schemaVersion: 2, manifests: Array(1025).fill(entry) });
      }),
  },
  {
    what: "an index.json that is no JSON",
    code: "OCI_JSON_INVALID",
    exitStatus: 6,
    medium: () => indexed((text) => text.slice(0, -1)),
  },
  {
    what: "an index.json that calls an image a release",
    code: "BUNDLE_ARTIFACT_INVALID",
    exitStatus: 6,
    medium: () => indexed((_text, parts) => indexOf({ ...parts.image.manifest, artifactType: RELEASE_ARTIFACT_TYPE })),
  },
  {
    what: "an index.json that calls a layer a release",
    code: "OCI_JSON_INVALID",
    exitStatus: 6,
    medium: () =>
      indexed((_text, { image: { layers } }) =>
        indexOf({ mediaType: MEDIA_TYPE.manifest, ...layers[0], artifactType: RELEASE_ARTIFACT_TYPE }),
      ),
  },
  {
    what: "an index.json that points nowhere",
    code: "OCI_BLOB_MISSING",
    exitStatus: 6,
    medium: () =>
      indexed(() => {
        const [digest, size] = [digestOf("no such blob"), 12];
        return indexOf({ mediaType: MEDIA_TYPE.manifest, digest, size, artifactType: RELEASE_ARTIFACT_TYPE });
      }),
  },
  {
    what: "an index.json whose digest is a path",
    code: "OCI_DOCUMENT_INVALID",
    exitStatus: 6,
    medium: () =>
      indexed(() => {
        const digest = "sha256:../../../../../../etc/passwd";
        return indexOf({ mediaType: MEDIA_TYPE.manifest, digest, size: 1, artifactType: RELEASE_ARTIFACT_TYPE });
      }),
  },
];

function indexOf(...manifests: readonly object[]): string {
  return JSON.stringify({ schemaVersion: 2, manifests });
}

const UNFIT: readonly Case[] = [
  {
    what: "a release for another kind of device",
    code: "BUNDLE_COMPATIBLE_MISMATCH",
    exitStatus: 4,
    medium: () => signedBy("release-a"),
    on: { compatible: "acme-kiosk-v1" },
  },
  {
    what: "a release for another architecture",
    code: "BUNDLE_ARCHITECTURE_MISMATCH",
    exitStatus: 4,
    medium: () => signedBy("release-a"),
    on: { architecture: "arm64" },
  },
  {
    what: "a release for other devices of the kind",
    code: "BUNDLE_DEVICE_NOT_LISTED",
    exitStatus: 4,
    medium: async () => (await release({ targets: [{ ...targetOf(image), devices: ["kiosk-0001"] }] })).medium,
  },
  {
    what: "a release of another name",
    code: "BUNDLE_NAME_NOT_FOLLOWED",
    exitStatus: 4,
    medium: async () => (await release({ name: "gateway-os" })).medium,
  },
  {
    what: "an older sequence",
    code: "TRUST_SEQUENCE_OLDER",
    exitStatus: 3,
    medium: async () => (await release({ sequence: 40 })).medium,
  },
  {
    what: "the sequence that runs, with another payload",
    code: "TRUST_SEQUENCE_CONFLICT",
    exitStatus: 3,
    medium: async () => (await release({ sequence: 41 })).medium,
  },
  {
    what: "two releases of equal sequence",
    code: "TRUST_SEQUENCE_CONFLICT",
    exitStatus: 3,
    async medium() {
      const { medium, statement } = await release();
      const twin = { ...statement, version: "42.3.2" };
      medium.addRelease(await envelopeOf(twin), twin);
      return medium;
    },
  },
  {
    what: "a release that wants another one confirmed first",
    code: "BUNDLE_STEP_NEEDED",
    exitStatus: 4,
    medium: async () => (await release({ sequence: 50, requires: { minSequence: 49 } })).medium,
  },
  {
    what: "a release that wants a newer bootferry",
    code: "BUNDLE_AGENT_TOO_OLD",
    exitStatus: 4,
    medium: async () => (await release({ requires: { minAgent: "999.0.0" } })).medium,
  },
  {
    what: "a release that expired before the newest time that the device knows of",
    code: "TRUST_EXPIRED",
    exitStatus: 3,
    medium: async () => (await release({ expiresAt: "2026-12-01T00:00:00Z" })).medium,
    on: { timeFloorUtc: "2026-12-02T00:00:00Z" },
  },
  {
    what: "a medium without a release",
    code: "BUNDLE_NO_RELEASE",
    exitStatus: 6,
    medium: () => indexed(() => indexOf()),
  },
  {
    what: "a medium that is not ours",
    code: "BUNDLE_MEDIUM_FOREIGN",
    exitStatus: 6,
    async medium() {
      const { medium } = await release();
      for (const path of Object.keys(medium.files())) medium.override(path, undefined);
      return medium.override("photos/holiday.txt", { text: "sunny\n" });
    },
  },
];

describe.each([
  ["signatures", SIGNATURES],
  ["documents", DOCUMENTS],
  ["releases that are not wanted", UNFIT],
] as const)("%s", (_group, cases) => {
  it.each(cases)("$what: $code", async ({ code, exitStatus, medium, on = {} }) => {
    await device.reset(on);
    writeFileSync(join(device.directory, "agent.toml"), agentToml(on));
    await device.refuses(await medium(), code, exitStatus, "--config", "agent.toml");
  });
});

it("looks at the right device: it takes the release that all of these were made of", async () => {
  expect(CONTEXT.device.architecture).toBe("amd64");
  const run = await device.insert(device.layOut((await release()).medium));
  expect(run.stderr).not.toContain("error:");
  expect(run.exitStatus).toBe(0);
});
