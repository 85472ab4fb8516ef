/**
 * The file of a ledger: JSON Lines that are only ever added to, each batch durable before it is reported.
 *
 * A line that a power cut tore, or that a newer bootferry wrote, is passed over and stays; the receipts in it are collected
 * again from their stick.
 */

import { readFileSync, statSync } from "node:fs";
import { CodedError, errnoOf } from "../../error.ts";
import { appendLineDurably } from "../../host/durable-write.ts";
import { hostError } from "../../host/error.ts";
import { openLock } from "../../host/lock.ts";
import { type AbsPath, below } from "../../path.ts";
import { ReceiptError } from "../error.ts";
import type { Delivery, DeviceDelivery } from "./delivery.ts";
import { type Collected, formatLedgerLine, type LedgerEntry, parseLedgerLine } from "./entry.ts";
import { ledgerOf } from "./ledger.ts";
import { splitLines } from "./read-delivery.ts";

const MAX_LEDGER_BYTES = 256 << 20; // some 100,000 receipts: forty devices with one a day for seven years

export interface LedgerFile {
  readonly entries: readonly LedgerEntry[];
  /** One sentence for each line that cannot be read. */
  readonly unreadable: readonly string[];
}

/** @returns an empty one where there is no file. @throws ReceiptError RECEIPT_TOO_LARGE; HostError */
export function readLedgerFile(path: AbsPath): LedgerFile {
  const entries: LedgerEntry[] = [];
  const unreadable: string[] = [];
  for (const [index, line] of splitLines(readIfThere(path)).entries()) {
    if (line.length === 0) continue;
    try {
      entries.push(parseLedgerLine(line));
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      unreadable.push(`line ${index + 1}: ${error.message}`);
    }
  }
  return { entries, unreadable };
}

function readIfThere(path: AbsPath): Buffer {
  try {
    const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    if (size > MAX_LEDGER_BYTES) {
      throw new ReceiptError("RECEIPT_TOO_LARGE", `${path} has ${size} bytes, at most ${MAX_LEDGER_BYTES} are read`);
    }
    return readFileSync(path);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return Buffer.alloc(0);
    throw hostError(error, `reading ${path}`);
  }
}

/** As {@link readLedgerFile}, for a ledger that must be there. @throws also ReceiptError RECEIPT_LEDGER_ABSENT */
export function readExistingLedger(path: AbsPath): LedgerFile {
  const file = readLedgerFile(path);
  if (file.entries.length > 0) return file;
  const what =
    file.unreadable.length === 0 ? "there is nothing in it" : `none of its lines can be read: ${file.unreadable[0]}`;
  throw new ReceiptError("RECEIPT_LEDGER_ABSENT", `${path} is no ledger: ${what}`);
}

/** One writer at a time. Disposing frees it. @throws HostError HOST_BUSY; the reason of the signal */
export function lockLedger(path: AbsPath, timeoutSeconds: number, signal?: AbortSignal): Promise<AsyncDisposable> {
  return openLock(below(path, "..", `.${path.slice(path.lastIndexOf("/") + 1)}.lock`), { timeoutSeconds, signal });
}

/** Adds lines in one durable write; the caller holds the lock. @throws HostError */
export function appendLedger(path: AbsPath, entries: readonly LedgerEntry[]): void {
  if (entries.length > 0) appendLineDurably(path, entries.map(formatLedgerLine).join("\n"));
}

/** Another person's ledger as something that was brought: each of its signatures is checked again. */
export function deliveryOfLedger(path: AbsPath, collected: Omit<Collected, "medium">): Delivery {
  const { entries, unreadable } = readExistingLedger(path);
  const devices = ledgerOf(entries).devices.map(
    ({ id, keys, receipts }): DeviceDelivery => ({
      device: id,
      keys: keys.map(({ publicKey }) => publicKey),
      receipts: receipts.map(({ envelope }) => envelope),
      visit: undefined,
      defects: [],
    }),
  );
  return { kind: "ledger", ...collected, medium: null, devices, defects: unreadable };
}
