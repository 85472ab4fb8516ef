/**
 * A receipt: what a device says of one outcome, signed by its own key (bundle-format/spec.md, section 9). Each names the one
 * before it by digest, so that a workstation sees what is missing. Shape, bounds, and the one way to write and sign it.
 *
 * A receipt says what the device believed. It decides nothing on any device, and its times are those of the device's clock.
 */
import { z } from "zod";
import { DIGEST_PATTERN, type Digest, digestOf } from "../oci/digest.ts";
import type { Envelope } from "../trust/dsse.ts";
import type { KeyId, PublicKey } from "../trust/keys.ts";
import { PLAIN_LINE, PLAIN_TEXT } from "../trust/plain-text.ts";
import { RELEASE_NAME_PATTERN } from "../trust/release-name.ts";
import type { Signer } from "../trust/signer.ts";
import { utcTimeSchema } from "../trust/utc-time.ts";
import { DEVICE_ID_PATTERN } from "./device-id.ts";
import {
  DOCUMENT_SPEC_VERSION,
  type DocumentKind,
  formatDocument,
  parseDocument,
  signDocument,
  verifyDocument,
} from "./signed-document.ts";

export const RECEIPT_PAYLOAD_TYPE = "application/vnd.bootferry.receipt.v1+json";

export const MAX_LABEL_CHARACTERS = 128;
export const MAX_REASON_CHARACTERS = 2048; // what people read of an error
export const MAX_HELD = 16; // a device keeps three or four
export const MAX_REFUSED = 64; // as many as a device remembers (agent/verdicts.ts)

export const RECEIPT_OUTCOMES = ["enrolled", "confirmed", "rolled-back", "unassessed", "refused", "failed"] as const;

export type ReceiptOutcome = (typeof RECEIPT_OUTCOMES)[number];

const digest = z.string().regex(DIGEST_PATTERN, "not a sha256 digest") as unknown as z.ZodType<Digest, string>;
const line = (max: number) => z.string().max(max).regex(PLAIN_LINE, "control characters");
const text = z.string().max(MAX_REASON_CHARACTERS).regex(PLAIN_TEXT, "control characters");

const releaseSchema = z.strictObject({
  name: z.string().regex(RELEASE_NAME_PATTERN),
  version: line(64),
  sequence: z.int().min(0),
  payloadDigest: digest.describe("of the signed statement: what identifies the release"),
});

export const receiptSchema = z
  .strictObject({
    specVersion: z.literal(DOCUMENT_SPEC_VERSION),
    device: z.strictObject({
      id: z.string().regex(DEVICE_ID_PATTERN).describe("stays the same as long as the device keeps its key"),
      name: line(128)
        .nullable()
        .describe("`[device] id`, which releases for listed devices name; null when it has none"),
      label: line(MAX_LABEL_CHARACTERS).describe("for people: `[device] label`, else the host name"),
      compatible: line(128),
      architecture: line(32),
      backend: z.enum(["native", "bootc"]),
    }),
    serial: z.int().min(1).describe("1, 2, 3 … of this key; none is used twice"),
    previous: digest.nullable().describe("sha256 of the payload of the receipt before; null in the first one"),
    atUtc: utcTimeSchema.describe("by the clock of the device"),
    isClockTrusted: z.boolean().describe("whether that clock was known to be synchronised"),
    bootId: line(64).nullable(),
    attempt: line(128).nullable().describe("what its history calls it; null for `enrolled`"),
    outcome: z.enum(RECEIPT_OUTCOMES),
    release: releaseSchema.nullable().describe("what the outcome is about"),
    running: z
      .strictObject({ release: releaseSchema.nullable(), deployment: line(128).nullable() })
      .describe("what ran when this was signed; a release of null is an unsigned image"),
    held: z
      .array(z.strictObject({ payloadDigest: digest, tree: line(128).nullable() }))
      .max(MAX_HELD)
      .describe("releases whose contents the device has: what a delta may build on; `tree` is the composefs digest"),
    follows: z.string().regex(RELEASE_NAME_PATTERN).describe("the release name that it installs"),
    floors: z.strictObject({
      sequence: z.int().min(1).nullable().describe("the highest confirmed one of that name"),
      payloadDigest: digest.nullable().describe("of the release that was confirmed with that sequence"),
      timeUtc: utcTimeSchema.nullable().describe("the newest time that it has seen signed"),
    }),
    root: z
      .strictObject({ version: z.int().min(1), digest })
      .nullable()
      .describe("the root document that it trusts"),
    refusedReleases: z.array(digest).max(MAX_REFUSED).describe("payload digests of what it does not try again"),
    reason: z
      .strictObject({ code: line(64), message: text, remedy: text })
      .nullable()
      .describe("why it was refused, failed or went back"),
    health: text.nullable().describe("what the checks of the new system said, in short"),
    agentVersion: line(64),
  })
  .describe("What a device says of one outcome");

export type Receipt = Readonly<z.infer<typeof receiptSchema>>;
export type ReceiptRelease = Readonly<z.infer<typeof releaseSchema>>;

const RECEIPT: DocumentKind<Receipt> = {
  what: "receipt",
  payloadType: RECEIPT_PAYLOAD_TYPE,
  schema: receiptSchema,
};

export interface VerifiedReceipt {
  readonly receipt: Receipt;
  /** sha256 of the payload: what the next receipt names as `previous`. */
  readonly digest: Digest;
  readonly signedBy: KeyId;
}

/** Believes nothing: for a device's own records. @throws ReceiptError RECEIPT_INVALID, RECEIPT_SPEC_VERSION_UNSUPPORTED; OciError OCI_JSON_… */
export function parseReceipt(payload: Uint8Array): Receipt {
  return parseDocument(RECEIPT, payload);
}

/** @throws ReceiptError RECEIPT_INVALID when no reader would take it */
export function formatReceipt(receipt: Receipt): Buffer {
  return formatDocument(RECEIPT, receipt);
}

/** @throws ReceiptError RECEIPT_INVALID */
export function signReceipt(receipt: Receipt, signer: Signer): Promise<Envelope> {
  return signDocument(RECEIPT, receipt, signer);
}

/**
 * The receipt in an envelope that the device of this key has signed. Whether the key is the device's the caller must know.
 * @throws TrustError TRUST_PAYLOAD_TYPE, TRUST_SIGNATURE_INVALID, TRUST_KEY_UNKNOWN; as {@link parseReceipt}
 */
export function verifyReceipt(envelope: Envelope, key: PublicKey): VerifiedReceipt {
  const { document, payload, signedBy } = verifyDocument(RECEIPT, envelope, key);
  return { receipt: document, digest: digestOf(payload), signedBy };
}
