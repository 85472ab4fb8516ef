/**
 * Which keys are believed for a device: the first one that proves itself is pinned, and from then on no other one counts
 * unless a person accepts it. A key that stands for one device never stands for another. Pure.
 */
import { CodedError } from "../../error.ts";
import type { Envelope } from "../../trust/dsse.ts";
import type { KeyId, PublicKey } from "../../trust/keys.ts";
import { verifyReceipt } from "../receipt.ts";
import type { Delivery, DeviceDelivery } from "./delivery.ts";
import { type KeyEntry, signerOf } from "./entry.ts";
import type { KnownDevice } from "./ledger.ts";
import type { Remark } from "./remark.ts";

export interface KeyRules {
  /** Devices whose new key a person has accepted. */
  readonly acceptNewKeys: ReadonlySet<string>;
  /** Keys that were handed over beforehand; when there are any, a device that nobody knows needs one of them. */
  readonly givenKeys: readonly PublicKey[];
  /** Keys that are believed already, and for which device. */
  readonly holders: ReadonlyMap<KeyId, string>;
}

export interface Admission {
  /** Those that count, new ones too. */
  readonly believed: ReadonlyMap<KeyId, PublicKey>;
  readonly entries: readonly KeyEntry[];
  /** Why others do not count. */
  readonly refused: ReadonlyMap<KeyId, Pick<Remark, "class" | "message">>;
}

export function admitKeys(
  known: KnownDevice | undefined,
  delivery: Delivery,
  brought: DeviceDelivery,
  rules: KeyRules,
): Admission {
  const believed = new Map((known?.keys ?? []).map(({ publicKey }) => [publicKey.keyId, publicKey]));
  const entries: KeyEntry[] = [];
  const refused = new Map<KeyId, Pick<Remark, "class" | "message">>();
  const isNewDevice = believed.size === 0;
  for (const keyId of keysThatSigned(brought)) {
    if (believed.has(keyId)) continue;
    const publicKey = [...brought.keys, ...rules.givenKeys].find((key) => key.keyId === keyId);
    const isGiven = rules.givenKeys.some((key) => key.keyId === keyId);
    // Another ledger may have followed its device from key to key; one stick brings one key.
    const mayPin = isNewDevice && (entries.length === 0 || delivery.kind === "ledger");
    const why = refusalOf(keyId, publicKey, { brought, rules, isGiven, mayPin });
    if (why !== undefined || publicKey === undefined) {
      refused.set(keyId, why ?? withoutKey(keyId));
      continue;
    }
    believed.set(keyId, publicKey);
    const how = mayPin ? (isGiven ? "given" : "first-seen") : "accepted";
    const { atUtc, from, medium } = delivery;
    entries.push({ kind: "key", atUtc, from, medium, device: brought.device, publicKey, how });
  }
  return { believed, entries, refused };
}

/** In the order in which another ledger came to believe them; others as the receipts stand. */
function keysThatSigned({ keys, receipts, visit }: DeviceDelivery): readonly KeyId[] {
  const signers = new Set([...receipts, ...(visit === undefined ? [] : [visit])].map(signerOf));
  const named = keys.map(({ keyId }) => keyId).filter((keyId) => signers.has(keyId));
  return [...new Set([...named, ...signers])];
}

interface Circumstances {
  readonly brought: DeviceDelivery;
  readonly rules: KeyRules;
  readonly isGiven: boolean;
  /** Nobody is known for the device, and nobody was pinned just now. */
  readonly mayPin: boolean;
}

function refusalOf(
  keyId: KeyId,
  publicKey: PublicKey | undefined,
  { brought, rules, isGiven, mayPin }: Circumstances,
): Pick<Remark, "class" | "message"> | undefined {
  const holder = rules.holders.get(keyId);
  if (holder !== undefined) {
    return { class: "forged", message: `key ${short(keyId)} is the key of device ${holder}, and of no other` };
  }
  if (publicKey === undefined) return withoutKey(keyId);
  if (!brought.receipts.some((envelope) => isReceiptOf(envelope, publicKey, brought.device))) {
    return { class: "forged", message: `no receipt of this device bears a signature that fits key ${short(keyId)}` };
  }
  if (mayPin) {
    if (isGiven || rules.givenKeys.length === 0) return undefined;
    return { class: "other-key", message: `key ${short(keyId)} is not among the keys that were given beforehand` };
  }
  if (rules.acceptNewKeys.has(brought.device)) return undefined;
  return { class: "other-key", message: `signed by key ${short(keyId)}, which is not the one known for this device` };
}

function isReceiptOf(envelope: Envelope, key: PublicKey, device: string): boolean {
  try {
    return verifyReceipt(envelope, key).receipt.device.id === device;
  } catch (error) {
    if (error instanceof CodedError) return false;
    throw error;
  }
}

function withoutKey(keyId: KeyId): Pick<Remark, "class" | "message"> {
  return {
    class: "other-key",
    message: `signed by key ${short(keyId)}, which nobody knows and which is not beside them`,
  };
}

/** Enough of a key id to compare by eye. */
export function short(keyId: KeyId): string {
  return keyId.slice(0, 16);
}
