/** The chain of a device's receipts, cut at every step, torn at every byte, and without each of its files. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { type AbsPath, below, toAbsPath } from "../../../src/path.ts";
import { deviceKeyFile } from "../../../src/receipt/device-key.ts";
import { verifyReceipt } from "../../../src/receipt/receipt.ts";
import {
  appendReceipt,
  hasReceiptOf,
  openReceiptChain,
  type ReceiptChain,
  type ReceiptDraft,
} from "../../../src/receipt/receipt-chain.ts";
import {
  appendToReceiptLog,
  type LoggedReceipt,
  MAX_RECEIPT_LOG_BYTES,
  readReceiptLog,
  receiptLogFile,
} from "../../../src/receipt/receipt-log.ts";
import { privateKeyOfSeed } from "../../../src/trust/keys.ts";
import { makeReceipt } from "../../support/receipt-fixtures.ts";

let state: AbsPath;
let keys: number;
let told: string[];
beforeEach(() => {
  state = toAbsPath(mkdtempSync(`${tmpdir()}/receipt-chain-`));
  onTestFinished(() => rmSync(state, { recursive: true, force: true }));
  [keys, told] = [0, []];
});

const head = () => below(state, "receipt-head.json");
const log = () => receiptLogFile(state);

function open(machineId: string | undefined = "0123456789abcdef0123456789abcdef"): ReceiptChain {
  return openReceiptChain({
    ...{ stateDirectory: state, machineId, onDamaged: (why) => told.push(why) },
    makeKey: () => privateKeyOfSeed(Buffer.alloc(32, ++keys)),
  });
}

function draft(attempt: string): ReceiptDraft {
  const { specVersion: _1, serial: _2, previous: _3, device, ...rest } = makeReceipt();
  const { id: _4, ...others } = device;
  return { ...rest, device: others, attempt };
}

async function append(...attempts: readonly string[]): Promise<void> {
  for (const attempt of attempts) await appendReceipt(state, open(), draft(attempt));
}

const kept = () => readReceiptLog(state).filter((it): it is LoggedReceipt => it !== undefined);

/** Every receipt is of the device's key, names the one before it, and no serial stands for two of them. */
function expectOneChain(): readonly string[] {
  const { key } = open();
  const byDigest = new Map(kept().map((it) => [it.digest, it]));
  const receipts = [...byDigest.values()].map(({ envelope }) => verifyReceipt(envelope, key.publicKey));
  expect(receipts.map(({ receipt }) => receipt.serial)).toEqual(receipts.map((_, index) => index + 1));
  expect(receipts.map(({ receipt }) => receipt.previous)).toEqual([
    null,
    ...receipts.slice(0, -1).map(({ digest }) => digest),
  ]);
  return receipts.map(({ receipt }) => receipt.attempt ?? "");
}

describe("the receipts of a device", () => {
  it("are one chain of one key, which only root may read", async () => {
    await append("a", "b", "c");
    expect(expectOneChain()).toEqual(["a", "b", "c"]);
    expect(statSync(deviceKeyFile(state)).mode & 0o777).toBe(0o600);
    expect([keys, told]).toEqual([1, []]);
    expect([hasReceiptOf(state, open(), "a"), hasReceiptOf(state, open(), "d")]).toEqual([true, false]);
  });

  it("keep the id with which they began, also when the machine id changes", async () => {
    await append("a");
    const { deviceId } = open();
    expect(open("ffffffffffffffffffffffffffffffff").deviceId).toBe(deviceId);
  });

  it("are completed after a power cut between the head and its line, wherever the line is torn", async () => {
    await append("a", "b");
    const before = readFileSync(log());
    await append("c");
    const line = readFileSync(log()).subarray(before.length);
    for (let length = 0; length < line.length; length += 97) {
      writeFileSync(log(), Buffer.concat([before, line.subarray(0, length)]));
      expect([length, open().head?.serial]).toEqual([length, 3]);
      expect(expectOneChain()).toEqual(["a", "b", "c"]);
      expect(hasReceiptOf(state, open(), "c")).toBe(true);
    }
    await append("d");
    expect(expectOneChain()).toEqual(["a", "b", "c", "d"]);
    expect(keys).toBe(1);
  });

  it("begin anew after a power cut before the first one was written", async () => {
    open();
    await append("a");
    expect(expectOneChain()).toEqual(["a"]);
  });

  it.each(["lost", "damaged"])("go on from the log when the head is %s", async (how) => {
    await append("a", "b");
    if (how === "lost") rmSync(head());
    else writeFileSync(head(), '{"version":1,"envelope":"torn');
    await append("c");
    expect(expectOneChain()).toEqual(["a", "b", "c"]);
    expect([keys, told.length]).toEqual([1, how === "lost" ? 0 : 1]);
  });

  it("go on from the head when the log is lost", async () => {
    await append("a", "b");
    rmSync(log());
    await append("c");
    expect(kept().map(({ receipt }) => receipt.serial)).toEqual([2, 3]);
    expect(keys).toBe(1);
  });

  it("go on from the newer one when an old head was put back", async () => {
    await append("a");
    const old = readFileSync(head());
    await append("b");
    writeFileSync(head(), old);
    await append("c");
    expect(expectOneChain()).toEqual(["a", "b", "c"]);
  });

  it("never use a serial of a key twice: with head and end of the log lost, there is a new key (BF-9.4)", async () => {
    await append("a", "b");
    rmSync(head());
    writeFileSync(log(), readFileSync(log(), "utf8").slice(0, -20));
    await append("c");
    expect([keys, told.length]).toEqual([2, 1]);
    expect(kept().map(({ receipt }) => [receipt.serial, receipt.attempt])).toEqual([
      [1, "a"],
      [1, "c"],
    ]);
    const signers = kept().map(({ envelope }) => envelope.signatures[0]?.keyId);
    expect(new Set(signers).size).toBe(2);
  });

  it("have a new key when the old one is damaged, and set that aside", async () => {
    await append("a");
    writeFileSync(deviceKeyFile(state), "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
    await append("b");
    expect(kept().map(({ receipt }) => receipt.serial)).toEqual([1, 1]);
    expect([keys, told.length]).toEqual([2, 1]);
    expect(readFileSync(`${deviceKeyFile(state)}.damaged`, "utf8")).toContain("AAAA");
  });

  it("are turned over by size, and the chain goes on", async () => {
    await append("a");
    const line = kept()[0]?.line ?? "";
    while (statSync(log()).size < MAX_RECEIPT_LOG_BYTES) appendToReceiptLog(state, line);
    await append("b", "c");
    expect(kept().length).toBeGreaterThan(100);
    expect(readFileSync(log(), "utf8").trim().split("\n")).toHaveLength(2);
    expect(expectOneChain()).toEqual(["a", "b", "c"]);
    while (statSync(log()).size < MAX_RECEIPT_LOG_BYTES) appendToReceiptLog(state, line);
    await append("d");
    expect(statSync(`${log()}.1`).size).toBeLessThan(2 * MAX_RECEIPT_LOG_BYTES);
  });

  it("are there after an error, or come at the next start: the serial is the same", async () => {
    await append("a");
    cpSync(log(), below(state, "copy"));
    rmSync(log());
    mkdirSync(log()); // whatever keeps the line from being written
    await expect(append("b")).rejects.toThrow();
    rmSync(log(), { recursive: true });
    cpSync(below(state, "copy"), log());
    await append("c");
    expect(kept().map(({ receipt }) => receipt.serial)).toEqual([1, 2]);
  });
});
