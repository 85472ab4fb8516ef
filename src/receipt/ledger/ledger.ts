/** What a ledger knows, device by device, gathered from its lines. Pure. */
import type { Digest } from "../../oci/digest.ts";
import type { KeyId, PublicKey } from "../../trust/keys.ts";
import { ReceiptError } from "../error.ts";
import type { FindingEntry, KeyEntry, LedgerEntry, ReceiptEntry, VisitEntry } from "./entry.ts";

export interface KnownDevice {
  readonly id: string;
  /** Those that were ever believed, the current one last. */
  readonly keys: readonly KeyEntry[];
  /** By key in the order in which keys came to be believed, then by serial: the last one is the newest. */
  readonly receipts: readonly ReceiptEntry[];
  readonly visits: readonly VisitEntry[];
  readonly findings: readonly FindingEntry[];
}

export interface Ledger {
  /** In the order of their ids. */
  readonly devices: readonly KnownDevice[];
}

/** Lines that say the same twice count once. */
export function ledgerOf(entries: readonly LedgerEntry[]): Ledger {
  const devices = new Map<string, LedgerEntry[]>();
  for (const entry of entries) {
    const id = deviceOf(entry);
    const known = devices.get(id);
    if (known === undefined) devices.set(id, [entry]);
    else known.push(entry);
  }
  const ids = [...devices.keys()].sort();
  return { devices: ids.map((id) => knownDevice(id, devices.get(id) ?? [])) };
}

function deviceOf(entry: LedgerEntry): string {
  switch (entry.kind) {
    case "key":
    case "finding":
      return entry.device;
    case "receipt":
      return entry.receipt.device.id;
    case "visit":
      return entry.visit.deviceId;
  }
}

function knownDevice(id: string, entries: readonly LedgerEntry[]): KnownDevice {
  const keys = distinct(
    entries.filter((it) => it.kind === "key"),
    ({ publicKey }) => publicKey.keyId,
  );
  const era = new Map(keys.map(({ publicKey }, index) => [publicKey.keyId, index]));
  const eraOf = ({ keyId }: ReceiptEntry) => era.get(keyId) ?? -1;
  const receipts = distinct(
    entries.filter((it) => it.kind === "receipt"),
    ({ keyId, digest }) => `${keyId} ${digest}`,
  );
  return {
    id,
    keys,
    receipts: receipts.sort((a, b) => eraOf(a) - eraOf(b) || a.receipt.serial - b.receipt.serial),
    visits: distinct(
      entries.filter((it) => it.kind === "visit"),
      ({ digest, medium }) => `${digest} ${medium}`,
    ),
    findings: distinct(
      entries.filter((it) => it.kind === "finding"),
      identityOf,
    ),
  };
}

/** What makes two findings the same one. */
export function identityOf({ class: kind, medium, serials, digests, message }: Omit<FindingEntry, "kind">): string {
  return JSON.stringify([kind, medium, serials, digests, digests.length === 0 ? message : ""]);
}

function distinct<T>(entries: readonly T[], keyOf: (entry: T) => string): T[] {
  const seen = new Map<string, T>();
  for (const entry of entries) if (!seen.has(keyOf(entry))) seen.set(keyOf(entry), entry);
  return [...seen.values()];
}

/** The key that the device signs with now, as far as the ledger knows. */
export function currentKey({ keys }: KnownDevice): PublicKey | undefined {
  return keys.at(-1)?.publicKey;
}

/** The newest receipt, whatever its outcome. */
export function newestReceipt({ receipts }: KnownDevice): ReceiptEntry | undefined {
  return receipts.at(-1);
}

export interface Gap {
  readonly first: number;
  readonly last: number;
}

/** Serials below the newest one of a key that the ledger has not seen. */
export function missingSerials(receipts: readonly ReceiptEntry[], keyId: KeyId): readonly Gap[] {
  const gaps: Gap[] = [];
  let expected = 1;
  for (const { receipt } of receipts.filter((entry) => entry.keyId === keyId)) {
    if (receipt.serial > expected) gaps.push({ first: expected, last: receipt.serial - 1 });
    expected = receipt.serial + 1;
  }
  return gaps;
}

/** `3`, `5-9` */
export function formatGap({ first, last }: Gap): string {
  return first === last ? `${first}` : `${first}-${last}`;
}

/** Keys that are believed for some device, and for which. */
export function keyHolders({ devices }: Ledger): ReadonlyMap<KeyId, string> {
  return new Map(devices.flatMap(({ id, keys }) => keys.map(({ publicKey }) => [publicKey.keyId, id] as const)));
}

/**
 * The device that a person means: by its id, at least 8 digits of its start, or its label.
 * @throws ReceiptError RECEIPT_DEVICE_UNKNOWN when there is none, or more than one
 */
export function selectDevice({ devices }: Ledger, text: string): KnownDevice {
  const isMeant = (device: KnownDevice) =>
    device.id === text ||
    (/^[0-9a-f]{8,}$/.test(text) && device.id.startsWith(text)) ||
    newestReceipt(device)?.receipt.device.label === text;
  const [device, ...others] = devices.filter(isMeant);
  if (device !== undefined && others.length === 0) return device;
  const got = device === undefined ? "none" : `${others.length + 1} of them`;
  throw new ReceiptError(
    "RECEIPT_DEVICE_UNKNOWN",
    `device ${JSON.stringify(text)}: expected one in the ledger, got ${got}`,
  );
}

export function findDevice({ devices }: Ledger, id: string): KnownDevice | undefined {
  return devices.find((device) => device.id === id);
}

/** The receipt of each serial that is known for a key. */
export function bySerial(
  device: KnownDevice | undefined,
  keyId: KeyId,
): Map<number, Pick<ReceiptEntry, "digest" | "receipt">> {
  const own = device?.receipts.filter((entry) => entry.keyId === keyId) ?? [];
  return new Map(
    own.map(({ receipt, digest }) => [
      receipt.serial,
      { receipt, digest } as { readonly digest: Digest; readonly receipt: ReceiptEntry["receipt"] },
    ]),
  );
}
