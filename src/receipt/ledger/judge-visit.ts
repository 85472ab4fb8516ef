/**
 * Whether a medium is the one that the device has written to, and in the state in which the device has left it. The visit
 * statement says so, signed: without it receipts could be carried from stick to stick, or be put back to a state of last
 * year, and each of them would still verify. Pure.
 */
import { CodedError } from "../../error.ts";
import { digestOf } from "../../oci/digest.ts";
import type { Envelope } from "../../trust/dsse.ts";
import { type Visit, verifyVisit } from "../visit.ts";
import type { Admission } from "./admit-keys.ts";
import type { DeviceDelivery } from "./delivery.ts";
import { type Collected, type ReceiptEntry, signerOf, type VisitEntry, visitEntry } from "./entry.ts";
import type { KnownDevice } from "./ledger.ts";
import type { Remark, RemarkClass } from "./remark.ts";

export interface VisitJudged {
  /** Undefined when it says nothing new, or nothing that counts. */
  readonly entry: VisitEntry | undefined;
  readonly remarks: readonly Remark[];
}

/** @param genuine the receipts of this device that the ledger has, those of this delivery too */
export function judgeVisit(
  known: KnownDevice | undefined,
  brought: DeviceDelivery,
  { believed }: Admission,
  genuine: readonly ReceiptEntry[],
  collected: Collected,
): VisitJudged {
  const { visit: envelope } = brought;
  if (envelope === undefined) {
    const message = "the device has left no statement on this medium that it was here";
    return { entry: undefined, remarks: genuine.length === 0 ? [] : [remark("unbound", message)] };
  }
  const keyId = signerOf(envelope);
  const key = believed.get(keyId);
  if (key === undefined) return { entry: undefined, remarks: [] }; // said of its receipts already
  let visit: Visit;
  try {
    visit = verifyVisit(envelope, key);
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    return { entry: undefined, remarks: [remark("forged", `the visit statement: ${error.message}`, envelope)] };
  }
  const alarm = alarmOf(known, brought.device, visit, envelope, genuine, collected);
  if (alarm !== undefined) return { entry: undefined, remarks: [alarm] };
  const entry = visitEntry(envelope, collected);
  const isKnown = known?.visits.some(({ digest, medium }) => digest === entry.digest && medium === entry.medium);
  return {
    entry: isKnown === true ? undefined : entry,
    remarks: noteOf(
      visit,
      genuine.filter((receipt) => receipt.keyId === keyId),
    ),
  };
}

function alarmOf(
  known: KnownDevice | undefined,
  device: string,
  visit: Visit,
  envelope: Envelope,
  genuine: readonly ReceiptEntry[],
  { medium }: Collected,
): Remark | undefined {
  if (visit.deviceId !== device) {
    return remark("forged", `the visit statement is of device ${visit.deviceId}`, envelope);
  }
  if (visit.mediumId !== null && visit.mediumId !== medium) {
    const here = medium === null ? "this medium has no id" : `this is medium ${medium.slice(0, 12)}`;
    return remark("copied", `the device wrote them to medium ${visit.mediumId.slice(0, 12)}; ${here}`, envelope);
  }
  const keyId = signerOf(envelope);
  const later = known?.visits.find(
    (entry) => entry.medium === medium && entry.keyId === keyId && entry.visit.newestSerial > visit.newestSerial,
  );
  if (later !== undefined) {
    const was = `was here with receipt ${later.visit.newestSerial} already (collected ${later.atUtc})`;
    return remark("replayed", `it claims receipt ${visit.newestSerial} as the newest, but the device ${was}`, envelope);
  }
  const named = genuine.find((entry) => entry.keyId === keyId && entry.receipt.serial === visit.newestSerial);
  if (named === undefined || named.digest === visit.newestDigest) return undefined;
  return remark(
    "fork",
    `the visit statement names another receipt ${visit.newestSerial} than the one that is known`,
    envelope,
  );
}

function noteOf(visit: Visit, genuine: readonly ReceiptEntry[]): readonly Remark[] {
  if (visit.mediumId === null) return [remark("unbound", "this medium had no id when the device wrote to it")];
  const newest = genuine.at(-1)?.receipt.serial ?? 0;
  if (newest > visit.newestSerial) {
    const message = `the newest on this medium is receipt ${visit.newestSerial}, the ledger has receipt ${newest}`;
    return [remark("older", message)];
  }
  if (genuine.some(({ receipt }) => receipt.serial === visit.newestSerial)) return [];
  return [remark("gap", `the device wrote receipt ${visit.newestSerial} to this medium, and it is not there`)];
}

function remark(kind: RemarkClass, message: string, about?: Envelope): Remark {
  return { class: kind, message, serials: [], digests: about === undefined ? [] : [digestOf(about.payload)] };
}
