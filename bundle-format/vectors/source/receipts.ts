/** Receipts and visits by themselves, and what each of a good one can be made into. */
import { digestOf } from "../../../src/oci/digest.ts";
import { deviceIdOf } from "../../../src/receipt/device-id.ts";
import { formatReceipt, type Receipt } from "../../../src/receipt/receipt.ts";
import { formatVisit, type Visit } from "../../../src/receipt/visit.ts";
import { addSignatures, formatEnvelope } from "../../../src/trust/dsse.ts";
import { CREATED_AT } from "./image.ts";
import { NAME } from "./parts.ts";
import { type TestKeyName, testSigner } from "./test-keys.ts";
import { type Vector, vectorFile } from "./vector.ts";

/** The key whose signature a reader asks for in every one of these. */
export const DEVICE_KEY: TestKeyName = "device";

const RECEIPT_TYPE = "application/vnd.bootferry.receipt.v1+json";
const VISIT_TYPE = "application/vnd.bootferry.visit.v1+json";

const RELEASE = { name: NAME, version: "42.3.1", sequence: 42, payloadDigest: digestOf("a release of sequence 42") };
const BEFORE = { name: NAME, version: "41.0.0", sequence: 41, payloadDigest: digestOf("a release of sequence 41") };

const GOOD: Receipt = {
  specVersion: "1",
  device: {
    id: deviceIdOf("0123456789abcdef0123456789abcdef", ""),
    ...{ name: "kiosk-0017", label: "hall", compatible: "acme-kiosk-v2", architecture: "amd64", backend: "native" },
  },
  ...{ serial: 7, previous: digestOf("the receipt before"), atUtc: CREATED_AT, isClockTrusted: false },
  ...{ bootId: "5a1d7b1e-0c2b-4f0e-9d3c-3b1f6a9d7e11", attempt: "0f5e2c1a", outcome: "rolled-back", release: RELEASE },
  running: { release: BEFORE, deployment: "41-9f2c" },
  held: [{ payloadDigest: BEFORE.payloadDigest, tree: `v1-sha256-12:${"ab".repeat(32)}` }],
  ...{ follows: NAME, floors: { sequence: 41, payloadDigest: BEFORE.payloadDigest, timeUtc: "2026-10-20T10:00:00Z" } },
  root: { version: 1, digest: digestOf("a root") },
  refusedReleases: [RELEASE.payloadDigest],
  reason: {
    code: "AGENT_UNHEALTHY",
    message: "10-app failed: the screen stays dark",
    remedy: "Bring a newer release.",
  },
  ...{ health: "10-app: the screen stays dark", agentVersion: "1.0.0" },
};

const VISIT: Visit = {
  ...{ specVersion: "1", deviceId: GOOD.device.id, mediumId: "00112233445566778899aabbccddeeff" },
  ...{
    newestSerial: GOOD.serial,
    newestDigest: digestOf(formatReceipt(GOOD)),
    atUtc: CREATED_AT,
    isClockTrusted: false,
  },
};

interface Case {
  readonly name: string;
  readonly clause: string;
  readonly about: string;
  /** Undefined for a good one. */
  readonly code?: string;
  readonly payloadType?: string;
  readonly signer?: TestKeyName;
  readonly change?: (text: string) => string;
  /** After it was signed. */
  readonly forge?: (text: string) => string;
}

const RECEIPTS: readonly Case[] = [
  { name: "receipt-rolled-back", clause: "BF-9.3", about: "A receipt with every member." },
  {
    name: "receipt-enrolled",
    clause: "BF-9.4",
    about: "The first receipt of a device, which has seen nothing yet.",
    change: () =>
      JSON.stringify({
        ...GOOD,
        ...{ serial: 1, previous: null, bootId: null, attempt: null, outcome: "enrolled", release: null },
        ...{
          running: { release: null, deployment: null },
          held: [],
          floors: { sequence: null, payloadDigest: null, timeUtc: null },
        },
        ...{ root: null, refusedReleases: [], reason: null, health: null },
      }),
  },
  {
    name: "receipt-forged",
    clause: "BF-9.1",
    about: "Signed by another key than the device's.",
    code: "TRUST_KEY_UNKNOWN",
    signer: "stranger",
  },
  {
    name: "receipt-changed",
    clause: "BF-9.1",
    about: "Made a success after it was signed.",
    code: "TRUST_SIGNATURE_INVALID",
    forge: (text) => text.replace('"outcome":"rolled-back"', '"outcome":"confirmed"'),
  },
  {
    name: "receipt-payload-type-of-a-visit",
    clause: "BF-9.1",
    about: "A receipt that was signed as something else.",
    code: "TRUST_PAYLOAD_TYPE",
    payloadType: VISIT_TYPE,
  },
  {
    name: "receipt-spec-version-unknown",
    clause: "BF-9.2",
    about: "A later version, with members of its own.",
    code: "RECEIPT_SPEC_VERSION_UNSUPPORTED",
    change: (text) => text.replace('"specVersion":"1"', '"specVersion":"2","position":"hall"'),
  },
  {
    name: "receipt-member-unknown",
    clause: "BF-9.2",
    about: "A member that version 1 does not have.",
    code: "RECEIPT_INVALID",
    change: (text) => text.replace('"serial"', '"machineId":"0123","serial"'),
  },
  {
    name: "receipt-duplicate-key",
    clause: "BF-9.2",
    about: "Two outcomes; parsers differ in which they take.",
    code: "OCI_JSON_DUPLICATE_KEY",
    change: (text) => text.replace('"outcome"', '"outcome":"confirmed","outcome"'),
  },
  {
    name: "receipt-serial-zero",
    clause: "BF-9.3",
    about: "Serials begin with 1.",
    code: "RECEIPT_INVALID",
    change: (text) => text.replace('"serial":7', '"serial":0'),
  },
  {
    name: "receipt-label-control-characters",
    clause: "BF-9.3",
    about: "A label that would move the cursor of whoever lists receipts.",
    code: "RECEIPT_INVALID",
    change: (text) => text.replace("hall", "\\u001b[2Jhall"),
  },
  {
    name: "receipt-device-id-traversal",
    clause: "BF-9.3",
    about: "A device id that would leave a directory when used as a file name.",
    code: "RECEIPT_INVALID",
    change: (text) => text.replace(GOOD.device.id, "../../../../etc/cron.d/kiosk0000"),
  },
];

const VISITS: readonly Case[] = [
  { name: "visit", clause: "BF-9.7", about: "What a device says of the medium that it wrote its receipts to." },
  {
    name: "visit-forged",
    clause: "BF-9.1",
    about: "Signed by another key than the device's.",
    code: "TRUST_KEY_UNKNOWN",
    signer: "stranger",
  },
  {
    name: "visit-payload-type-of-a-receipt",
    clause: "BF-9.1",
    about: "A visit that was signed as something else.",
    code: "TRUST_PAYLOAD_TYPE",
    payloadType: RECEIPT_TYPE,
  },
  {
    name: "visit-of-another-medium",
    clause: "BF-9.1",
    about: "The id of the medium was changed after it was signed.",
    code: "TRUST_SIGNATURE_INVALID",
    forge: (text) => text.replace('"mediumId":"0011', '"mediumId":"ff11'),
  },
];

export async function receiptVectors(): Promise<readonly Vector[]> {
  const receipts = RECEIPTS.map((it) => vectorOf("receipt", RECEIPT_TYPE, formatReceipt(GOOD).toString(), it));
  const visits = VISITS.map((it) => vectorOf("visit", VISIT_TYPE, formatVisit(VISIT).toString(), it));
  return Promise.all([...receipts, ...visits]);
}

async function vectorOf(kind: "receipt" | "visit", type: string, good: string, it: Case): Promise<Vector> {
  const { name, clause, about, code, payloadType = type, signer = DEVICE_KEY } = it;
  const text = it.change?.(good) ?? good;
  const draft = { payloadType, payload: Buffer.from(text), signatures: [] };
  const envelope = await addSignatures(draft, [testSigner(signer)]);
  const forged = { ...envelope, payload: Buffer.from(it.forge?.(text) ?? text) };
  return {
    ...{ name, kind, clauses: [clause], about, files: { document: vectorFile(formatEnvelope(forged)) } },
    expect: code === undefined ? { result: "valid" } : { result: "refused", code },
  };
}
