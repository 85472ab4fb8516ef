/**
 * Which of the receipts that were brought are genuine, which are new, and which contradict what is known: a signature
 * that does not fit, a serial with two contents, a chain that does not join. Pure.
 */
import { CodedError } from "../../error.ts";
import { type Digest, digestOf } from "../../oci/digest.ts";
import { type Envelope, formatEnvelope } from "../../trust/dsse.ts";
import { TrustError } from "../../trust/error.ts";
import type { KeyId, PublicKey } from "../../trust/keys.ts";
import { verifyReceipt } from "../receipt.ts";
import type { Admission } from "./admit-keys.ts";
import type { DeviceDelivery } from "./delivery.ts";
import { type Collected, MAX_FINDING_RECEIPTS, type ReceiptEntry, receiptEntry, signerOf } from "./entry.ts";
import { bySerial, type KnownDevice } from "./ledger.ts";
import type { Remark, RemarkClass } from "./remark.ts";

export interface ReceiptsJudged {
  readonly entries: readonly ReceiptEntry[];
  /** How many genuine ones the ledger has already. */
  readonly known: number;
  readonly remarks: readonly Remark[];
}

/** One receipt of which something bad can be said; those of which the same can be said are told together. */
interface Doubt {
  readonly class: RemarkClass;
  readonly message: string;
  readonly serial?: number | undefined;
  readonly digest?: Digest;
}

export function judgeReceipts(
  known: KnownDevice | undefined,
  brought: DeviceDelivery,
  { believed, refused }: Admission,
  collected: Collected,
): ReceiptsJudged {
  const genuine: ReceiptEntry[] = [];
  const doubts: Doubt[] = [];
  for (const envelope of brought.receipts) {
    const keyId = signerOf(envelope);
    const key = believed.get(keyId);
    const before = known?.receipts.find((entry) => isSame(entry.envelope, envelope));
    const judged =
      before ?? (key === undefined ? refusedBy(envelope, refused.get(keyId)) : verify(envelope, key, brought.device));
    if ("kind" in judged) genuine.push({ ...judged, ...pick(collected) });
    else doubts.push(judged);
  }
  const fresh = genuine.filter((entry) => !known?.receipts.some((receipt) => isReceipt(receipt, entry)));
  const joined = joinChains(known, fresh, [...believed.keys()]);
  return {
    entries: joined.entries,
    known: genuine.length - fresh.length,
    remarks: gathered([...doubts, ...joined.doubts]),
  };
}

/** The device may have said the same under another key. */
function isReceipt(a: ReceiptEntry, b: ReceiptEntry): boolean {
  return a.digest === b.digest && a.keyId === b.keyId;
}

/** Byte for byte what was verified when it was collected: sticks are brought again and again. */
function isSame(a: Envelope, b: Envelope): boolean {
  return a.payload.equals(b.payload) && formatEnvelope(a).equals(formatEnvelope(b));
}

function pick({ atUtc, from, medium }: Collected): Collected {
  return { atUtc, from, medium };
}

const NOWHERE: Collected = { atUtc: "1970-01-01T00:00:00Z", from: "", medium: null };

function verify(envelope: Envelope, key: PublicKey, device: string): ReceiptEntry | Doubt {
  const digest = digestOf(envelope.payload);
  try {
    const { receipt } = verifyReceipt(envelope, key);
    if (receipt.device.id === device) return receiptEntry(envelope, NOWHERE);
    const message = `it is a receipt of device ${receipt.device.id}`;
    return { class: "forged", message, serial: receipt.serial, digest };
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    // Who signed it has it written so: it is ours that is too old, or theirs that is broken.
    const isSigned = !(error instanceof TrustError);
    return {
      class: isSigned ? "unreadable" : "forged",
      message: error.message,
      serial: claimedSerial(envelope),
      digest,
    };
  }
}

function refusedBy(envelope: Envelope, why: Pick<Remark, "class" | "message"> | undefined): Doubt {
  const { class: kind, message } = why ?? { class: "other-key", message: "signed by a key that nobody knows" };
  return { class: kind, message, serial: claimedSerial(envelope), digest: digestOf(envelope.payload) };
}

/** What a receipt says that nobody vouches for: only to name it. */
function claimedSerial({ payload }: Envelope): number | undefined {
  const serial = /"serial":\s*(\d{1,9})/.exec(payload.toString("latin1"))?.[1];
  return serial === undefined || serial === "0" ? undefined : Number(serial);
}

/** Takes those that join what is known, key by key and serial by serial. */
function joinChains(known: KnownDevice | undefined, fresh: readonly ReceiptEntry[], keyIds: readonly KeyId[]) {
  const entries: ReceiptEntry[] = [];
  const doubts: Doubt[] = [];
  for (const keyId of keyIds) {
    const taken = bySerial(known, keyId);
    const own = fresh.filter((entry) => entry.keyId === keyId).sort((a, b) => a.receipt.serial - b.receipt.serial);
    for (const entry of own) {
      const { receipt, digest } = entry;
      if (taken.get(receipt.serial)?.digest === digest) continue; // it stands there twice
      const why = contradiction(entry, taken);
      if (why !== undefined) {
        doubts.push({ class: "fork", message: why, serial: receipt.serial, digest });
        continue;
      }
      taken.set(receipt.serial, { receipt, digest });
      entries.push(entry);
    }
  }
  return { entries, doubts };
}

function contradiction({ receipt, digest }: ReceiptEntry, taken: ReturnType<typeof bySerial>): string | undefined {
  const { serial, previous } = receipt;
  if (taken.has(serial)) return "the device has signed another receipt of the same serial";
  const before = taken.get(serial - 1);
  if (before !== undefined && before.digest !== previous) return "it does not follow the receipt before it";
  const after = taken.get(serial + 1);
  if (after !== undefined && after.receipt.previous !== digest) return "the receipt after it follows another one";
  return undefined;
}

/** One remark for all receipts of which the same is said. */
function gathered(doubts: readonly Doubt[]): readonly Remark[] {
  const groups = new Map<string, Doubt[]>();
  for (const doubt of doubts) {
    const key = `${doubt.class} ${doubt.message}`;
    groups.set(key, [...(groups.get(key) ?? []), doubt]);
  }
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const serials = [...new Set(group.flatMap(({ serial }) => serial ?? []))].sort((a, b) => a - b);
    const digests = [...new Set(group.flatMap((doubt) => doubt.digest ?? []))].sort();
    const { class: kind, message } = first;
    const some = <T>(list: readonly T[]) => list.slice(0, MAX_FINDING_RECEIPTS);
    return [{ class: kind, message, serials: some(serials), digests: some(digests) }];
  });
}
