/**
 * A visit: what a device says when it has written its receipts to a medium, signed by its key. It binds them to this medium
 * and to this moment of the chain, so that receipts which were copied to another stick, or left out, are seen as such.
 */
import { z } from "zod";
import { DIGEST_PATTERN, type Digest } from "../oci/digest.ts";
import type { Envelope } from "../trust/dsse.ts";
import type { PublicKey } from "../trust/keys.ts";
import type { Signer } from "../trust/signer.ts";
import { utcTimeSchema } from "../trust/utc-time.ts";
import { DEVICE_ID_PATTERN } from "./device-id.ts";
import { MEDIUM_ID_PATTERN } from "./medium-id.ts";
import {
  DOCUMENT_SPEC_VERSION,
  type DocumentKind,
  formatDocument,
  parseDocument,
  signDocument,
  verifyDocument,
} from "./signed-document.ts";

const VISIT_PAYLOAD_TYPE = "application/vnd.bootferry.visit.v1+json";

const digest = z.string().regex(DIGEST_PATTERN, "not a sha256 digest") as unknown as z.ZodType<Digest, string>;

export const visitSchema = z
  .strictObject({
    specVersion: z.literal(DOCUMENT_SPEC_VERSION),
    deviceId: z.string().regex(DEVICE_ID_PATTERN),
    mediumId: z.string().regex(MEDIUM_ID_PATTERN).nullable().describe("of the medium; null when it has none"),
    newestSerial: z.int().min(1).describe("of the newest receipt that was written"),
    newestDigest: digest.describe("sha256 of the payload of that receipt"),
    atUtc: utcTimeSchema.describe("by the clock of the device"),
    isClockTrusted: z.boolean(),
  })
  .describe("Which receipts a device has written to which medium");

export type Visit = Readonly<z.infer<typeof visitSchema>>;

const VISIT: DocumentKind<Visit> = { what: "visit", payloadType: VISIT_PAYLOAD_TYPE, schema: visitSchema };

/** @throws ReceiptError RECEIPT_INVALID, RECEIPT_SPEC_VERSION_UNSUPPORTED; OciError OCI_JSON_… */
export function parseVisit(payload: Uint8Array): Visit {
  return parseDocument(VISIT, payload);
}

/** @throws ReceiptError RECEIPT_INVALID */
export function formatVisit(visit: Visit): Buffer {
  return formatDocument(VISIT, visit);
}

/** @throws ReceiptError RECEIPT_INVALID */
export function signVisit(visit: Visit, signer: Signer): Promise<Envelope> {
  return signDocument(VISIT, visit, signer);
}

/** @throws TrustError TRUST_PAYLOAD_TYPE, TRUST_SIGNATURE_INVALID, TRUST_KEY_UNKNOWN; as {@link parseVisit} */
export function verifyVisit(envelope: Envelope, key: PublicKey): Visit {
  return verifyDocument(VISIT, envelope, key).document;
}
