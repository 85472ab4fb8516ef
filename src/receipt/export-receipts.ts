/**
 * A device's receipts on a medium (medium-layout.ts draws where): the newest ones that fit, the key that signed them, a visit,
 * and the same in plain words. Only the directory of this device is touched.
 */
import type { AbsPath } from "../path.ts";
import { formatEnvelope } from "../trust/dsse.ts";
import { formatPublicKeyPem, type PrivateKey } from "../trust/keys.ts";
import { keySigner } from "../trust/signer.ts";
import { openMediumTop, type WriteFile } from "./medium-directory.ts";
import {
  MAX_EXPORT_BYTES,
  PUBLIC_KEY_FILE,
  RECEIPTS_DIRECTORY,
  RECEIPTS_FILE,
  RESULT_FILE,
  VISIT_FILE,
} from "./medium-layout.ts";
import type { LoggedReceipt } from "./receipt-log.ts";
import { formatResult } from "./result-text.ts";
import { signVisit } from "./visit.ts";

export interface ExportRequest {
  readonly mountPoint: AbsPath;
  readonly key: PrivateKey;
  /** The receipts of this key, oldest first; at least one. */
  readonly receipts: readonly LoggedReceipt[];
  readonly mediumId: string | undefined;
  readonly atUtc: string;
  readonly isClockTrusted: boolean;
  /** What the device is doing now, in a sentence. */
  readonly now: string;
  readonly writeFile?: WriteFile;
}

export interface ExportedReceipts {
  readonly deviceId: string;
  readonly receipts: number;
  readonly newestSerial: number;
}

/**
 * Writes all of it, durably, file by file.
 * @throws ReceiptError RECEIPT_NOT_PLAIN, RECEIPT_NOT_WRITTEN; each file is then as it was before or as it was to be
 */
export async function exportReceipts(request: ExportRequest): Promise<ExportedReceipts> {
  const { mountPoint, key, mediumId = null, atUtc, isClockTrusted, now, writeFile } = request;
  const receipts = newestThatFit(request.receipts);
  const newest = receipts.at(-1);
  if (newest === undefined) throw new TypeError("there is no receipt to write");
  const deviceId = newest.receipt.device.id;
  const [newestSerial, newestDigest] = [newest.receipt.serial, newest.digest];
  const visit = await signVisit(
    { specVersion: "1", deviceId, mediumId, newestSerial, newestDigest, atUtc, isClockTrusted },
    keySigner(key),
  );
  using top = openMediumTop(mountPoint, writeFile);
  using all = top.openDirectory(RECEIPTS_DIRECTORY);
  using own = all.openDirectory(deviceId);
  own.putFile(PUBLIC_KEY_FILE, Buffer.from(formatPublicKeyPem(key.publicKey)));
  own.putFile(RECEIPTS_FILE, Buffer.from(receipts.map(({ line }) => `${line}\n`).join("")));
  own.putFile(VISIT_FILE, formatEnvelope(visit)); // after what it speaks of
  own.putFile(
    RESULT_FILE,
    Buffer.from(
      formatResult(
        receipts.map(({ receipt }) => receipt),
        { atUtc, isClockTrusted, now },
      ),
    ),
  );
  return { deviceId, receipts: receipts.length, newestSerial };
}

function newestThatFit(receipts: readonly LoggedReceipt[]): readonly LoggedReceipt[] {
  let bytes = 0;
  const tooMany = receipts.findLastIndex(({ line }) => {
    bytes += line.length + 1; // base64 and ASCII
    return bytes > MAX_EXPORT_BYTES;
  });
  return receipts.slice(tooMany + 1);
}
