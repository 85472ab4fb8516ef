/**
 * The receipts that a device keeps, one DSSE envelope a line, oldest first; appended durably and turned over by size.
 *
 *     <state directory>/receipts.jsonl     being written
 *     <state directory>/receipts.jsonl.1   the one before
 *
 * A line that a power cut tore is passed over by the reader and closed by the next writer.
 */
import { readFileSync, renameSync, statSync } from "node:fs";
import { CodedError, errnoOf } from "../error.ts";
import { appendLineDurably, syncDirectory } from "../host/durable-write.ts";
import { hostError } from "../host/error.ts";
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
  const file = receiptLogFile(stateDirectory);
  turnOver(file);
  appendLineDurably(file, line);
}

function turnOver(file: AbsPath): void {
  try {
    const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
    if (size < MAX_RECEIPT_LOG_BYTES) return;
    renameSync(file, `${file}.1`);
    syncDirectory(below(file, ".."));
  } catch (error) {
    throw hostError(error, `turning over ${file}`);
  }
}

/** All that is kept, oldest first; undefined stands for a line that cannot be read. @throws HostError */
export function readReceiptLog(stateDirectory: AbsPath): readonly (LoggedReceipt | undefined)[] {
  return readLines(stateDirectory).map(parseLine);
}

/** The last one; undefined when there is none, and when the last line cannot be read. @throws HostError */
export function readNewestReceipt(stateDirectory: AbsPath): LoggedReceipt | undefined {
  return parseLine(readLines(stateDirectory).at(-1) ?? "");
}

function readLines(stateDirectory: AbsPath): readonly string[] {
  const file = receiptLogFile(stateDirectory);
  return [`${file}.1`, file].flatMap((path) => readIfThere(path).split("\n")).filter((line) => line !== "");
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

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return "";
    throw hostError(error, `reading ${path}`);
  }
}
