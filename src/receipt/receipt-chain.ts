/**
 * The chain of receipts of a device: one key, serials 1, 2, 3 …, each receipt naming the one before.
 *
 *     <state directory>/receipt-head.json     the newest receipt, whole, and what the device is called
 *     <state directory>/receipts.jsonl        all of them (receipt-log.ts)
 *
 * Invariants: the head is on disk before its line is in the log, so a power cut in between is made up for at the next start,
 * and a serial that was given away is never given away again. When neither of the two tells which was the last serial, the
 * device makes a new key and begins anew. BF-9.4.
 */
import { z } from "zod";
import { writeDurably } from "../host/durable-write.ts";
import type { Digest } from "../oci/digest.ts";
import { OciError } from "../oci/error.ts";
import { parseStrictJson } from "../oci/strict-json.ts";
import { type AbsPath, below } from "../path.ts";
import { formatEnvelope } from "../trust/dsse.ts";
import type { KeyId, PrivateKey } from "../trust/keys.ts";
import { keySigner } from "../trust/signer.ts";
import { deviceIdOf } from "./device-id.ts";
import { readDeviceKey, setAside, writeDeviceKey } from "./device-key.ts";
import { ReceiptError } from "./error.ts";
import { readPlainFile } from "./plain-file.ts";
import { type Receipt, signReceipt } from "./receipt.ts";
import { appendToReceiptLog, type LoggedReceipt, parseLine, readNewestReceipt, readReceiptLog } from "./receipt-log.ts";

const LIMITS = { maxBytes: 256 << 10, maxDepth: 2 }; // an envelope in a string; the largest has some 30 KiB

// Loose: an older bootferry reads it after a fallback.
const headSchema = z.object({ version: z.literal(1), envelope: z.string() });

/** The last receipt of a chain. */
export interface ReceiptHead {
  readonly serial: number;
  readonly digest: Digest;
  readonly attempt: string | null;
}

export interface ReceiptChain {
  readonly key: PrivateKey;
  readonly deviceId: string;
  /** Undefined before the first one. */
  readonly head: ReceiptHead | undefined;
}

export interface ChainPorts {
  readonly stateDirectory: AbsPath;
  /** Content of /etc/machine-id. */
  readonly machineId: string | undefined;
  readonly makeKey: () => PrivateKey;
  /** Told what was damaged or lost. */
  readonly onDamaged: (why: string) => void;
}

/** What the device says; the chain adds the rest. */
export type ReceiptDraft = Omit<Receipt, "specVersion" | "serial" | "previous" | "device"> & {
  readonly device: Omit<Receipt["device"], "id">;
};

/** Opens the chain, completes its log after a power cut, and makes a key where there is none. @throws HostError */
export function openReceiptChain(ports: ChainPorts): ReceiptChain {
  const { stateDirectory, onDamaged } = ports;
  const key = readDeviceKey(stateDirectory, onDamaged);
  if (key === undefined) return beginChain(ports);
  const last = readHead(ports, key.publicKey.keyId);
  if (last === undefined) {
    onDamaged("the receipts of this device are lost, and with them its last serial: it makes a new key");
    return beginChain(ports);
  }
  const { receipt, digest } = last;
  const { serial, attempt } = receipt;
  return { key, deviceId: receipt.device.id, head: { serial, digest, attempt } };
}

function beginChain({ stateDirectory, machineId, makeKey }: ChainPorts): ReceiptChain {
  const key = makeKey();
  writeDeviceKey(stateDirectory, key);
  return { key, deviceId: deviceIdOf(machineId, key.publicKey.keyId), head: undefined };
}

/**
 * Adds a receipt, durably. When it throws, the receipt may be there: opening the chain again tells.
 * @throws HostError; ReceiptError RECEIPT_INVALID
 */
export async function appendReceipt(
  stateDirectory: AbsPath,
  { key, deviceId, head }: ReceiptChain,
  draft: ReceiptDraft,
): Promise<ReceiptChain> {
  const receipt: Receipt = {
    ...draft,
    ...{ specVersion: "1", device: { id: deviceId, ...draft.device } },
    ...{ serial: (head?.serial ?? 0) + 1, previous: head?.digest ?? null },
  };
  const line = formatEnvelope(await signReceipt(receipt, keySigner(key)))
    .toString("utf8")
    .trimEnd();
  writeHead(stateDirectory, line);
  appendToReceiptLog(stateDirectory, line);
  const written = parseLine(line);
  if (written === undefined) throw new ReceiptError("RECEIPT_INVALID", "a receipt could not be read back");
  return { key, deviceId, head: { serial: receipt.serial, digest: written.digest, attempt: receipt.attempt } };
}

/** Whether the chain has a receipt of an attempt, as far back as the log goes. @throws HostError */
export function hasReceiptOf(stateDirectory: AbsPath, { head }: ReceiptChain, attempt: string): boolean {
  if (head === undefined) return false;
  return head.attempt === attempt || readReceiptLog(stateDirectory).some((it) => it?.receipt.attempt === attempt);
}

function headFile(stateDirectory: AbsPath): AbsPath {
  return below(stateDirectory, "receipt-head.json");
}

function writeHead(stateDirectory: AbsPath, envelope: string): void {
  writeDurably(headFile(stateDirectory), `${JSON.stringify({ version: 1, envelope })}\n`);
}

/** The newest receipt of this key, from the head, else from the end of the log; the other one is mended. */
function readHead(ports: ChainPorts, keyId: KeyId): LoggedReceipt | undefined {
  const { stateDirectory } = ports;
  const logged = ofKey(readNewestReceipt(stateDirectory), keyId);
  const head = ofKey(readHeadFile(ports), keyId);
  const [loggedSerial, headSerial] = [logged, head].map((it) => it?.receipt.serial ?? 0) as [number, number];
  if (head !== undefined && headSerial > loggedSerial) appendToReceiptLog(stateDirectory, head.line);
  if (logged !== undefined && loggedSerial > headSerial) writeHead(stateDirectory, logged.line);
  return headSerial >= loggedSerial ? head : logged;
}

function ofKey(it: LoggedReceipt | undefined, keyId: KeyId): LoggedReceipt | undefined {
  return it?.envelope.signatures.some((signature) => signature.keyId === keyId) ? it : undefined;
}

function readHeadFile({ stateDirectory, onDamaged }: ChainPorts): LoggedReceipt | undefined {
  const file = headFile(stateDirectory);
  const bytes = readPlainFile(file, LIMITS.maxBytes);
  if (bytes === undefined) return undefined;
  const head = parseHead(bytes, file);
  if (head !== undefined) return head;
  setAside(file);
  onDamaged(`${file} is damaged; it was set aside as ${file}.damaged`);
  return undefined;
}

function parseHead(bytes: Buffer, file: AbsPath): LoggedReceipt | undefined {
  try {
    const parsed = headSchema.safeParse(parseStrictJson(bytes, file, LIMITS));
    return parsed.success ? parseLine(parsed.data.envelope) : undefined;
  } catch (error) {
    if (error instanceof OciError) return undefined;
    throw error;
  }
}
