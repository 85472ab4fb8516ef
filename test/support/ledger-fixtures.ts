/** What devices leave on sticks, for tests: signed chains of receipts, visit statements, and whole sticks as directories. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Digest, digestOf } from "../../src/oci/digest.ts";
import type { Delivery, DeviceDelivery } from "../../src/receipt/ledger/delivery.ts";
import { type Receipt, signReceipt } from "../../src/receipt/receipt.ts";
import { signVisit } from "../../src/receipt/visit.ts";
import { type Envelope, formatEnvelope } from "../../src/trust/dsse.ts";
import { formatPublicKeyPem, type PrivateKey, privateKeyOfSeed } from "../../src/trust/keys.ts";
import { keySigner } from "../../src/trust/signer.ts";
import { makeReceipt } from "./receipt-fixtures.ts";

export const COLLECTED = { atUtc: "2026-11-25T12:00:00Z", from: "/media/usb", medium: "a".repeat(32) };
export const OTHER_MEDIUM = "b".repeat(32);

export interface TestIdentity {
  readonly id: string;
  readonly label: string;
  readonly key: PrivateKey;
}

/** The same device for the same number. */
export function identity(number: number, label = `kiosk-${number}`): TestIdentity {
  return {
    id: digestOf(`device ${number}`).slice(7, 39),
    label,
    key: privateKeyOfSeed(Buffer.alloc(32, 100 + number)),
  };
}

/** One receipt for each of `overrides`, each following the one before it. */
export async function chainOf(
  { id, label, key }: TestIdentity,
  overrides: readonly Partial<Receipt>[],
  start: { readonly serial: number; readonly previous: Digest | null } = { serial: 1, previous: null },
): Promise<readonly Envelope[]> {
  const envelopes: Envelope[] = [];
  let { serial, previous } = start;
  for (const changes of overrides) {
    const base = makeReceipt();
    const receipt = { ...base, device: { ...base.device, id, label }, serial, previous, ...changes };
    const envelope = await signReceipt(receipt, keySigner(key));
    envelopes.push(envelope);
    serial += 1;
    previous = digestOf(envelope.payload);
  }
  return envelopes;
}

/** What the device says when `newest` is the newest receipt that it has written to the medium. */
export function visitOf(
  { id, key }: TestIdentity,
  newest: Envelope,
  mediumId: string | null = COLLECTED.medium,
): Promise<Envelope> {
  const { serial, atUtc } = JSON.parse(newest.payload.toString("utf8")) as Receipt;
  const newestDigest = digestOf(newest.payload);
  const visit = { specVersion: "1", deviceId: id, mediumId, newestSerial: serial, newestDigest, atUtc } as const;
  return signVisit({ ...visit, isClockTrusted: true }, keySigner(key));
}

export function deliveryOf(
  { id, key }: TestIdentity,
  receipts: readonly Envelope[],
  changes: Partial<DeviceDelivery> = {},
): DeviceDelivery {
  return { device: id, keys: [key.publicKey], receipts, visit: undefined, defects: [], ...changes };
}

export function stickOf(...devices: readonly DeviceDelivery[]): Delivery {
  return { kind: "medium", ...COLLECTED, devices, defects: [] };
}

/** Lays a delivery out below `directory`, as devices do. */
export function layOutStick(directory: string, { medium, devices }: Pick<Delivery, "medium" | "devices">): void {
  mkdirSync(join(directory, "bootferry"), { recursive: true });
  if (medium !== null) writeFileSync(join(directory, "bootferry/medium.json"), `${JSON.stringify({ id: medium })}\n`);
  for (const { device, keys, receipts, visit } of devices) {
    const own = join(directory, "bootferry-receipts", device);
    mkdirSync(own, { recursive: true });
    writeFileSync(join(own, "receipts.jsonl"), Buffer.concat(receipts.map(formatEnvelope)));
    if (keys[0] !== undefined) writeFileSync(join(own, "device.pub"), formatPublicKeyPem(keys[0]));
    if (visit !== undefined) writeFileSync(join(own, "visit.dsse.json"), formatEnvelope(visit));
  }
}
