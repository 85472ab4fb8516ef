/**
 * The lines of a ledger: what devices have said, the keys that are believed for them, and what was wrong with what was
 * brought. One JSON object a line, only ever added to:
 *
 *     {"version":1,"atUtc":…,"from":…,"medium":…,"kind":"key",     "device":…,"publicKey":"-----BEGIN…","how":"first-seen"}
 *     {"version":1,"atUtc":…,"from":…,"medium":…,"kind":"receipt", "envelope":{…}}
 *     {"version":1,"atUtc":…,"from":…,"medium":…,"kind":"visit",   "envelope":{…}}
 *     {"version":1,"atUtc":…,"from":…,"medium":…,"kind":"finding", "device":…,"class":"replayed","message":…,…}
 *
 * Each says when and from where it was collected. Signatures are checked before a line is written; a ledger is as
 * trustworthy as the account that keeps it, and `receipt verify` checks all of it again. Pure.
 */
import { z } from "zod";
import { DIGEST_PATTERN, type Digest, digestOf } from "../../oci/digest.ts";
import { describeIssue } from "../../oci/schema-issue.ts";
import { parseStrictJson } from "../../oci/strict-json.ts";
import { type Envelope, envelopeSchema, formatEnvelope, parseEnvelope } from "../../trust/dsse.ts";
import { formatPublicKeyPem, type KeyId, type PublicKey, parsePublicKeyPem } from "../../trust/keys.ts";
import { PLAIN_LINE } from "../../trust/plain-text.ts";
import { utcTimeSchema } from "../../trust/utc-time.ts";
import { DEVICE_ID_PATTERN } from "../device-id.ts";
import { ReceiptError } from "../error.ts";
import { MEDIUM_ID_PATTERN } from "../medium-id.ts";
import { parseReceipt, type Receipt } from "../receipt.ts";
import { parseVisit, type Visit } from "../visit.ts";
import { FINDING_CLASSES, type FindingClass } from "./remark.ts";

/** Where and when a line was collected. */
export interface Collected {
  readonly atUtc: string;
  /** As a person named it: a mount point, a directory, another ledger. */
  readonly from: string;
  /** The id of the medium; null for what was no medium, or has no id. */
  readonly medium: string | null;
}

export interface KeyEntry extends Collected {
  readonly kind: "key";
  readonly device: string;
  readonly publicKey: PublicKey;
  /** Why it is believed: nobody was known before, it was named beforehand, or a person accepted it in place of another. */
  readonly how: "first-seen" | "given" | "accepted";
}

export interface ReceiptEntry extends Collected {
  readonly kind: "receipt";
  readonly envelope: Envelope;
  readonly keyId: KeyId;
  /** Of the payload: names the receipt. */
  readonly digest: Digest;
  readonly receipt: Receipt;
}

export interface VisitEntry extends Collected {
  readonly kind: "visit";
  readonly envelope: Envelope;
  readonly keyId: KeyId;
  readonly digest: Digest;
  readonly visit: Visit;
}

export interface FindingEntry extends Collected {
  readonly kind: "finding";
  readonly device: string;
  readonly class: FindingClass;
  readonly message: string;
  readonly serials: readonly number[];
  readonly digests: readonly Digest[];
}

export type LedgerEntry = KeyEntry | ReceiptEntry | VisitEntry | FindingEntry;

const MAX_LINE_BYTES = 256 << 10; // an envelope of the largest payload has 90 KiB
const MAX_DEPTH = 6; // an envelope in a line has four levels
export const MAX_FINDING_RECEIPTS = 64; // that one finding lists

const digest = z.string().regex(DIGEST_PATTERN) as unknown as z.ZodType<Digest, string>;
const device = z.string().regex(DEVICE_ID_PATTERN);
const text = (max: number) => z.string().max(max).regex(PLAIN_LINE);

const collected = {
  version: z.literal(1),
  atUtc: utcTimeSchema,
  from: text(4096),
  medium: z.string().regex(MEDIUM_ID_PATTERN).nullable(),
};

const lineSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    ...collected,
    kind: z.literal("key"),
    device,
    publicKey: z.string().max(4096),
    how: z.enum(["first-seen", "given", "accepted"]),
  }),
  z.strictObject({ ...collected, kind: z.literal("receipt"), envelope: envelopeSchema }),
  z.strictObject({ ...collected, kind: z.literal("visit"), envelope: envelopeSchema }),
  z.strictObject({
    ...collected,
    kind: z.literal("finding"),
    device,
    class: z.enum(FINDING_CLASSES),
    message: text(2048),
    serials: z.array(z.int().min(1)).max(MAX_FINDING_RECEIPTS),
    digests: z.array(digest).max(MAX_FINDING_RECEIPTS),
  }),
]);

/**
 * Reads one line, without its newline.
 * @throws ReceiptError RECEIPT_LEDGER_LINE; others as `parseReceipt`, `parseEnvelope` and `parsePublicKeyPem`
 */
export function parseLedgerLine(bytes: Uint8Array): LedgerEntry {
  const json = parseStrictJson(bytes, "ledger line", { maxBytes: MAX_LINE_BYTES, maxDepth: MAX_DEPTH });
  const parsed = lineSchema.safeParse(json);
  if (!parsed.success) {
    throw new ReceiptError("RECEIPT_LEDGER_LINE", `ledger line: ${describeIssue(parsed.error)}`, {
      cause: parsed.error,
    });
  }
  const { version: _, ...line } = parsed.data;
  switch (line.kind) {
    case "key":
      return { ...line, publicKey: parsePublicKeyPem(line.publicKey) };
    case "receipt":
      return receiptEntry(parseEnvelope(Buffer.from(JSON.stringify(line.envelope))), line);
    case "visit":
      return visitEntry(parseEnvelope(Buffer.from(JSON.stringify(line.envelope))), line);
    case "finding":
      return line;
  }
}

/** A receipt whose signature was checked. @throws as `parseReceipt` */
export function receiptEntry(envelope: Envelope, { atUtc, from, medium }: Collected): ReceiptEntry {
  const { payload } = envelope;
  const receipt = parseReceipt(payload);
  return {
    kind: "receipt",
    atUtc,
    from,
    medium,
    envelope,
    keyId: signerOf(envelope),
    digest: digestOf(payload),
    receipt,
  };
}

/** A visit statement whose signature was checked. @throws as `parseVisit` */
export function visitEntry(envelope: Envelope, { atUtc, from, medium }: Collected): VisitEntry {
  const { payload } = envelope;
  const visit = parseVisit(payload);
  return { kind: "visit", atUtc, from, medium, envelope, keyId: signerOf(envelope), digest: digestOf(payload), visit };
}

/** The key that claims to have signed; an envelope has one signature at least. */
export function signerOf({ signatures: [first] }: Envelope): KeyId {
  if (first === undefined) throw new TypeError("an envelope that was parsed has a signature");
  return first.keyId;
}

/** The line without its newline; the same entry always gives the same line. */
export function formatLedgerLine(entry: LedgerEntry): string {
  const { atUtc, from, medium, kind } = entry;
  const head = { version: 1, atUtc, from, medium, kind };
  switch (entry.kind) {
    case "key": {
      const { device, publicKey, how } = entry;
      return JSON.stringify({ ...head, device, publicKey: formatPublicKeyPem(publicKey), how });
    }
    case "receipt":
    case "visit":
      return JSON.stringify({ ...head, envelope: JSON.parse(formatEnvelope(entry.envelope).toString("utf8")) });
    case "finding": {
      const { device, class: kindOfFinding, message, serials, digests } = entry;
      return JSON.stringify({ ...head, device, class: kindOfFinding, message, serials, digests });
    }
  }
}
