/** Where receipts come from when a person names it: a medium, a directory, a file of receipts, a ledger. */
import { type Command, Option } from "commander";
import { CodedError } from "../error.ts";
import type { Delivery } from "../receipt/ledger/delivery.ts";
import type { KnownDevice } from "../receipt/ledger/ledger.ts";
import { ledgerOf } from "../receipt/ledger/ledger.ts";
import { deliveryOfLedger, readExistingLedger, readLedgerFile } from "../receipt/ledger/ledger-file.ts";
import { readDelivery, readReceiptsFile } from "../receipt/ledger/read-delivery.ts";
import { type PublicKey, parsePublicKeyPem } from "../trust/keys.ts";
import { formatUtcTime } from "../trust/utc-time.ts";
import { buildClock } from "./build-clock.ts";
import type { CliContext } from "./context.ts";
import { CliError } from "./error.ts";
import { collect } from "./options.ts";
import { isFile, readInputFile } from "./read-input.ts";

/** `--ledger`, which the command needs. */
export function ledgerOption(does: string): Option {
  return new Option("--ledger <file>", does);
}

/** `--device-key`, for the commands that check signatures. */
export function addDeviceKeyOption(command: Command, does: string): Command {
  return command.addOption(new Option("--device-key <file>", `${does}; repeatable`).argParser(collect));
}

/** @throws CliError CLI_USAGE for a file that is no key; HostError */
export function readDeviceKeys(context: CliContext, files: readonly string[] = []): readonly PublicKey[] {
  return files.map((file) => {
    try {
      return parsePublicKeyPem(readInputFile(context.path(file)).toString("latin1"));
    } catch (error) {
      if (!(error instanceof CodedError) || error.code.startsWith("HOST_")) throw error;
      throw new CliError("CLI_USAGE", `${file} is no public key of a device: ${error.message}`, { cause: error });
    }
  });
}

/**
 * What lies at `source`; nothing of it is believed.
 * @throws ReceiptError RECEIPT_NONE and others as `readDelivery`; HostError
 */
export function openSource(context: CliContext, source: string): Delivery {
  const collected = { atUtc: formatUtcTime(buildClock(context).nowUtc()), from: plain(source) };
  const path = context.path(source);
  if (!isFile(path)) return readDelivery(path, collected);
  return readLedgerFile(path).entries.length > 0
    ? deliveryOfLedger(path, collected)
    : readReceiptsFile(path, collected);
}

/** Names of files are bytes; what is no plain text of them must not stand in a ledger. */
function plain(text: string): string {
  return text.slice(0, 1024).replace(/[^\P{C}]|[\p{Zl}\p{Zp}]/gu, "?");
}

/** What the ledger knows. @throws ReceiptError RECEIPT_LEDGER_ABSENT, RECEIPT_TOO_LARGE; HostError */
export function openLedger(context: CliContext, file: string) {
  const { entries, unreadable } = readExistingLedger(context.path(file));
  return { ledger: ledgerOf(entries), unreadable };
}

/** `kiosk-hall (0123456789ab)` */
export function titleOf({ id, receipts }: KnownDevice): string {
  return deviceTitle(id, receipts.at(-1)?.receipt.device.label ?? null);
}

export function deviceTitle(id: string, label: string | null): string {
  return label === null ? id : `${label} (${id.slice(0, 12)})`;
}
