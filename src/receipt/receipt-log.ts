/** The receipts that a device keeps, one DSSE envelope a line: `<state directory>/receipts.jsonl` (host/line-log.ts). */
import { CodedError } from "../error.ts";
import { appendToLineLog, readLineLog } from "../host/line-log.ts";
import { type Digest, digestOf } from "../oci/digest.ts";
import { type AbsPath, below } from "../path.ts";
import { type Envelope, parseEnvelope } from "../trust/dsse.ts";
import { RECEIPTS_FILE } from "./medium-layout.ts";
import { parseReceipt, type Receipt } from "./receipt.ts";

/** Some 120 receipts; two files of it are kept. */
export const MAX_RECEIPT_LOG_BYTES = 256 << 10;

/** A line of the log. It is the device's own: its signature is made, and not checked again. */
export interface LoggedReceipt {
  readonly line: string;
  readonly envelope: Envelope;
  readonly receipt: Receipt;
  readonly digest: Digest;
}

export function receiptLogFile(stateDirectory: AbsPath): AbsPath {
  return below(stateDirectory, RECEIPTS_FILE);
}

/** @throws HostError */
export function appendToReceiptLog(stateDirectory: AbsPath, line: string): void {
  appendToLineLog(receiptLogFile(stateDirectory), line, MAX_RECEIPT_LOG_BYTES);
}

/** All that is kept, oldest first; undefined stands for a line that cannot be read. @throws HostError */
export function readReceiptLog(stateDirectory: AbsPath): readonly (LoggedReceipt | undefined)[] {
  return readLineLog(receiptLogFile(stateDirectory)).map(parseLine);
}

/** The last one; undefined when there is none, and when the last line cannot be read. @throws HostError */
export function readNewestReceipt(stateDirectory: AbsPath): LoggedReceipt | undefined {
  return parseLine(readLineLog(receiptLogFile(stateDirectory)).at(-1) ?? "");
}

/** The receipt in one line; undefined when there is none. Nothing is verified. */
export function parseLine(line: string): LoggedReceipt | undefined {
  try {
    const envelope = parseEnvelope(Buffer.from(line));
    return { line, envelope, receipt: parseReceipt(envelope.payload), digest: digestOf(envelope.payload) };
  } catch (error) {
    if (error instanceof CodedError) return undefined;
    throw error;
  }
}
