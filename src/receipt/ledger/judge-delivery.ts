/**
 * Judges what was brought against what the ledger knows: what is new, what is known, and what must not be believed. Every
 * source goes through here, a stick as much as another person's ledger. Pure.
 */
import { setImmediate } from "node:timers/promises";
import type { KeyId, PublicKey } from "../../trust/keys.ts";
import { admitKeys, short } from "./admit-keys.ts";
import type { Delivery, DeviceDelivery } from "./delivery.ts";
import type { Collected, FindingEntry, KeyEntry, LedgerEntry } from "./entry.ts";
import { judgeReceipts } from "./judge-receipts.ts";
import { judgeVisit } from "./judge-visit.ts";
import {
  currentKey,
  findDevice,
  formatGap,
  identityOf,
  type KnownDevice,
  keyHolders,
  type Ledger,
  ledgerOf,
  missingSerials,
} from "./ledger.ts";
import { isFinding, type Remark } from "./remark.ts";

/** What a person at the workstation has decided. */
export interface CollectRules {
  /** Devices whose new key is to be believed from now on. */
  readonly acceptNewKeys: ReadonlySet<string>;
  /** See `KeyRules`. */
  readonly givenKeys: readonly PublicKey[];
}

export interface Judgement {
  readonly device: string;
  /** Null when nothing of it is believed. */
  readonly label: string | null;
  readonly newReceipts: number;
  readonly knownReceipts: number;
  readonly remarks: readonly Remark[];
  /** What the ledger does not have yet, in the order in which it is to be written. */
  readonly entries: readonly LedgerEntry[];
}

/**
 * One judgement for each device, in the order of the delivery. A hostile medium can make it long: it can be stopped between
 * two devices.
 * @throws the reason of the signal
 */
export async function judgeDelivery(
  ledger: Ledger,
  delivery: Delivery,
  rules: CollectRules,
  signal?: AbortSignal,
): Promise<readonly Judgement[]> {
  const holders = new Map(keyHolders(ledger));
  const judgements: Judgement[] = [];
  for (const brought of delivery.devices) {
    await setImmediate();
    signal?.throwIfAborted();
    const judgement = judgeDevice(findDevice(ledger, brought.device), delivery, brought, { ...rules, holders });
    for (const entry of judgement.entries) {
      if (entry.kind === "key") holders.set(entry.publicKey.keyId, entry.device); // the next directory may show it too
    }
    judgements.push(judgement);
  }
  return judgements;
}

function judgeDevice(
  known: KnownDevice | undefined,
  delivery: Delivery,
  brought: DeviceDelivery,
  rules: CollectRules & { readonly holders: ReadonlyMap<KeyId, string> },
): Judgement {
  const { atUtc, from, medium } = delivery;
  const collected: Collected = { atUtc, from, medium };
  const admission = admitKeys(known, delivery, brought, rules);
  const receipts = judgeReceipts(known, brought, admission, collected);
  const entries = [...admission.entries, ...receipts.entries];
  const after = findDevice(ledgerOf([...entriesOf(known), ...entries]), brought.device);
  const visit =
    delivery.kind === "medium"
      ? judgeVisit(known, brought, admission, after?.receipts ?? [], collected)
      : { entry: undefined, remarks: [] };
  const remarks = [
    ...receipts.remarks,
    ...visit.remarks,
    ...admission.entries.map(keyRemark),
    ...gapRemarks(after),
    ...brought.defects.map((message): Remark => ({ class: "unreadable", message, serials: [], digests: [] })),
  ];
  return {
    device: brought.device,
    label: after?.receipts.at(-1)?.receipt.device.label ?? null,
    newReceipts: receipts.entries.length,
    knownReceipts: receipts.known,
    remarks,
    entries: [
      ...entries,
      ...(visit.entry === undefined ? [] : [visit.entry]),
      ...newFindings(known, brought.device, remarks, collected),
    ],
  };
}

function entriesOf(known: KnownDevice | undefined): readonly LedgerEntry[] {
  return known === undefined ? [] : [...known.keys, ...known.receipts];
}

function keyRemark({ how, publicKey }: KeyEntry): Remark {
  const message = how === "given" ? `key ${short(publicKey.keyId)}, as it was given` : `key ${short(publicKey.keyId)}`;
  return { class: how === "accepted" ? "new-key" : "new-device", message, serials: [], digests: [] };
}

function gapRemarks(device: KnownDevice | undefined): readonly Remark[] {
  const key = device === undefined ? undefined : currentKey(device);
  if (device === undefined || key === undefined) return [];
  const gaps = missingSerials(device.receipts, key.keyId);
  if (gaps.length === 0) return [];
  const message = `the ledger has no receipt ${gaps.slice(0, 16).map(formatGap).join(", ")} of this device`;
  return [{ class: "gap", message, serials: [], digests: [] }];
}

/** Collecting the same stick twice adds nothing. */
function newFindings(
  known: KnownDevice | undefined,
  device: string,
  remarks: readonly Remark[],
  collected: Collected,
): readonly FindingEntry[] {
  const seen = new Set((known?.findings ?? []).map(identityOf));
  return remarks.filter(isFinding).flatMap(({ class: kind, message, serials, digests }) => {
    const entry: FindingEntry = { kind: "finding", ...collected, device, class: kind, message, serials, digests };
    return seen.has(identityOf(entry)) ? [] : [entry];
  });
}
