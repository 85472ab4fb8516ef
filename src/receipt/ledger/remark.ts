/**
 * What can be said about receipts that somebody brought, beside that they are new or known: the classes, whether one is
 * an alarm, and what to do about it. Pure.
 */
import type { Digest } from "../../oci/digest.ts";

/** Those that stay in the ledger: they are about what was brought, and nothing that comes later makes them untrue. */
export const FINDING_CLASSES = ["forged", "other-key", "fork", "replayed", "copied"] as const;

export type FindingClass = (typeof FINDING_CLASSES)[number];

export type RemarkClass =
  | FindingClass
  /** Its key is believed from now on. */
  | "new-device"
  | "new-key"
  /** Serials are missing. */
  | "gap"
  /** The ledger knows newer things already. */
  | "older"
  /** Nothing says on which medium the device wrote them. */
  | "unbound"
  | "unreadable";

export interface Remark {
  readonly class: RemarkClass;
  /** One or two sentences, without what to do. */
  readonly message: string;
  /** Of the receipts that it is about, ascending. */
  readonly serials: readonly number[];
  /** Of the payloads that it is about. */
  readonly digests: readonly Digest[];
}

interface RemarkEntry {
  /** Names it in lists: a word or two. */
  readonly title: string;
  readonly remedy: string;
}

export const REMARKS: Readonly<Record<RemarkClass, RemarkEntry>> = {
  forged: {
    title: "forged",
    remedy:
      "Do not believe these receipts, they are not in the ledger. Find out who has had the stick since it left the device, and collect again from another stick or from the device itself.",
  },
  "other-key": {
    title: "another key",
    remedy:
      "If this device was installed anew or has lost its records, compare the key with `bootferry key show /var/lib/bootferry/device.key` on it and collect once more with --accept-new-key DEVICE; else these receipts are forged.",
  },
  fork: {
    title: "two histories",
    remedy:
      "The device's disk was copied, or put back to an older state: look for a second machine with the same identity and install one of the two anew. The ledger keeps the history that it saw first.",
  },
  replayed: {
    title: "replayed",
    remedy:
      "Somebody put an older state back onto this stick: what happened since is not on it. Ask who has had it, and visit the device with a fresh stick.",
  },
  copied: {
    title: "copied from another medium",
    remedy:
      "These receipts are genuine but were written to another stick: collect from that one, and do not take this one as proof of a visit.",
  },
  "new-device": {
    title: "new device",
    remedy:
      "The first key that is seen of a device counts for it from then on: compare it once with `bootferry key show /var/lib/bootferry/device.key` on the device, before you rely on it.",
  },
  "new-key": { title: "new key", remedy: "Nothing to do: you have accepted it." },
  gap: {
    title: "receipts are missing",
    remedy:
      "Collect the sticks of the earlier visits too; what the device has turned over meanwhile can no longer be had.",
  },
  older: { title: "older than the ledger", remedy: "Nothing to do: a later stick was collected before this one." },
  unbound: {
    title: "no visit statement",
    remedy: "Collect again after the device has written to this stick once more; the receipts themselves are genuine.",
  },
  unreadable: {
    title: "damaged",
    remedy:
      "Collect from another stick or insert this one into the device again: it was probably pulled out too early.",
  },
};

export function isFinding(remark: Remark): remark is Remark & { readonly class: FindingClass } {
  return (FINDING_CLASSES as readonly string[]).includes(remark.class);
}
