/**
 * Reads what lies on a medium, or in a directory that was taken off a device:
 *
 *     MEDIUM/bootferry/medium.json                     the id of the medium
 *     MEDIUM/bootferry-receipts/<device id>/           receipts.jsonl, device.pub, visit.dsse.json
 *     DIRECTORY/receipts.jsonl (and .1, before it)     device.pub
 *
 * All of it is hostile: real directories and regular files only, each bounded, each read once. What cannot be read is told
 * and keeps nothing else from being read. Writes nothing.
 */
import { lstatSync, opendirSync } from "node:fs";
import { basename } from "node:path";
import { CodedError, errnoOf } from "../../error.ts";
import { hostError } from "../../host/error.ts";
import { type AbsPath, below } from "../../path.ts";
import { type Envelope, parseEnvelope } from "../../trust/dsse.ts";
import { type PublicKey, parsePublicKeyPem } from "../../trust/keys.ts";
import { DEVICE_ID_PATTERN } from "../device-id.ts";
import { ReceiptError } from "../error.ts";
import { readMediumId } from "../medium-id.ts";
import { PUBLIC_KEY_FILE, READ_LIMITS, RECEIPTS_DIRECTORY, RECEIPTS_FILE, VISIT_FILE } from "../medium-layout.ts";
import { readPlainFile } from "../plain-file.ts";
import { parseReceipt } from "../receipt.ts";
import type { Delivery, DeviceDelivery } from "./delivery.ts";
import type { Collected } from "./entry.ts";

const MAX_DEFECTS = 8; // of one file; who wants to know more looks at the file

/**
 * @param directory a mount point, or a directory with the receipts of one device
 * @throws ReceiptError RECEIPT_NONE when there are no receipts at all; HostError
 */
export function readDelivery(directory: AbsPath, collected: Omit<Collected, "medium">): Delivery {
  const carried = below(directory, RECEIPTS_DIRECTORY);
  if (isRealDirectory(carried)) return readMedium(directory, carried, collected);
  const own = readDevice(directory, idIn(basename(directory)));
  if (own !== undefined) return { kind: "directory", ...collected, medium: null, ...ofOneDevice(own) };
  const expected = `a directory ${RECEIPTS_DIRECTORY} or a file ${RECEIPTS_FILE}`;
  throw new ReceiptError("RECEIPT_NONE", `${directory} holds no receipts: expected ${expected}`);
}

function ofOneDevice(brought: DeviceDelivery): Pick<Delivery, "devices" | "defects"> {
  return brought.device === "" ? { devices: [], defects: brought.defects } : { devices: [brought], defects: [] };
}

/**
 * Receipts in a file of their own: one envelope, or one on each line, of any number of devices.
 * @throws ReceiptError RECEIPT_NONE when there is none in it; HostError
 */
export function readReceiptsFile(file: AbsPath, collected: Omit<Collected, "medium">): Delivery {
  const defects: string[] = [];
  const bytes = readPlainFile(file, READ_LIMITS.receiptsBytes) ?? Buffer.alloc(0);
  const byDevice = new Map<string, Envelope[]>();
  for (const envelope of parseLines(bytes, defects)) {
    const device = claimedDevice([envelope]);
    if (device === "") defects.push("an envelope holds no receipt");
    else byDevice.set(device, [...(byDevice.get(device) ?? []), envelope]);
  }
  if (byDevice.size === 0) {
    throw new ReceiptError("RECEIPT_NONE", `${file} holds no receipt${defects.length === 0 ? "" : `: ${defects[0]}`}`);
  }
  const devices = [...byDevice].map(
    ([device, receipts]): DeviceDelivery => ({ device, keys: [], receipts, visit: undefined, defects: [] }),
  );
  return { kind: "directory", ...collected, medium: null, devices, defects };
}

function readMedium(mountPoint: AbsPath, carried: AbsPath, collected: Omit<Collected, "medium">): Delivery {
  const defects: string[] = [];
  const medium = orDefect(defects, () => readMediumId(mountPoint)) ?? null;
  const devices = listDevices(carried, defects).flatMap((id) => readDevice(below(carried, id), id) ?? []);
  return { kind: "medium", ...collected, medium, devices, defects };
}

/** The names of real directories that are device ids, sorted. */
function listDevices(carried: AbsPath, defects: string[]): readonly string[] {
  const names: string[] = [];
  try {
    const directory = opendirSync(carried);
    try {
      for (let entry = directory.readSync(); entry !== null; entry = directory.readSync()) {
        if (names.length >= READ_LIMITS.devices) {
          defects.push(`${carried} has more than ${READ_LIMITS.devices} entries; the others are passed over`);
          break;
        }
        names.push(entry.name);
      }
    } finally {
      directory.closeSync();
    }
  } catch (error) {
    throw hostError(error, `reading ${carried}`);
  }
  return names.filter((name) => DEVICE_ID_PATTERN.test(name) && isRealDirectory(below(carried, name))).sort();
}

/** Undefined where there are no receipts; the device is empty when nothing says whose they are. */
function readDevice(directory: AbsPath, named: string | undefined): DeviceDelivery | undefined {
  const defects: string[] = [];
  const file = below(directory, RECEIPTS_FILE);
  const [before, bytes] = [below(directory, `${RECEIPTS_FILE}.1`), file].map((path) =>
    orDefect(defects, () => readPlainFile(path, READ_LIMITS.receiptsBytes)),
  );
  if (bytes === undefined && before === undefined && defects.length === 0) return undefined;
  const receipts = [before, bytes].flatMap((part) => (part === undefined ? [] : parseLines(part, defects)));
  const key = orDefect(defects, () => readKey(below(directory, PUBLIC_KEY_FILE)));
  return {
    device: named ?? claimedDevice(receipts),
    keys: key === undefined ? [] : [key],
    receipts,
    visit: orDefect(defects, () => readEnvelope(below(directory, VISIT_FILE))),
    defects,
  };
}

function parseLines(bytes: Buffer, defects: string[]): readonly Envelope[] {
  const envelopes: Envelope[] = [];
  let bad = 0;
  for (const [index, line] of splitLines(bytes).entries()) {
    if (line.length === 0) continue;
    const found: string[] = [];
    const envelope = orDefect(found, () => parseLine(line));
    if (envelope !== undefined) envelopes.push(envelope);
    for (const why of found) {
      bad += 1;
      if (bad <= MAX_DEFECTS) defects.push(`line ${index + 1} of ${RECEIPTS_FILE}: ${why}`);
    }
  }
  if (bad > MAX_DEFECTS) defects.push(`${bad - MAX_DEFECTS} more lines of ${RECEIPTS_FILE} cannot be read`);
  return envelopes;
}

function parseLine(line: Buffer): Envelope {
  if (line.length <= READ_LIMITS.lineBytes) return parseEnvelope(line);
  throw new ReceiptError("RECEIPT_TOO_LARGE", `it has ${line.length} bytes, at most ${READ_LIMITS.lineBytes} are read`);
}

/** By the byte: what is no UTF-8 must spoil its own line only. */
export function splitLines(bytes: Buffer): readonly Buffer[] {
  const lines: Buffer[] = [];
  let start = 0;
  for (let end = bytes.indexOf(0x0a); end >= 0; end = bytes.indexOf(0x0a, start)) {
    lines.push(bytes.subarray(start, end));
    start = end + 1;
  }
  return start < bytes.length ? [...lines, bytes.subarray(start)] : lines;
}

function readKey(path: AbsPath): PublicKey | undefined {
  const bytes = readPlainFile(path, READ_LIMITS.publicKeyBytes);
  return bytes === undefined ? undefined : parsePublicKeyPem(bytes.toString("latin1"));
}

function readEnvelope(path: AbsPath): Envelope | undefined {
  const bytes = readPlainFile(path, READ_LIMITS.visitBytes);
  return bytes === undefined ? undefined : parseEnvelope(bytes);
}

/** What the receipts themselves say; whether it is true shows when their signatures are checked. */
function claimedDevice(receipts: readonly Envelope[]): string {
  for (const { payload } of receipts) {
    const id = orDefect([], () => parseReceipt(payload).device.id);
    if (id !== undefined) return id;
  }
  return "";
}

function idIn(name: string): string | undefined {
  return DEVICE_ID_PATTERN.test(name) ? name : undefined;
}

function isRealDirectory(path: AbsPath): boolean {
  try {
    return lstatSync(path).isDirectory();
  } catch (error) {
    if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ENOTDIR") return false;
    throw hostError(error, `looking at ${path}`);
  }
}

function orDefect<T>(defects: string[], read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    defects.push(error.message);
    return undefined;
  }
}
