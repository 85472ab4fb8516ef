/** Receipts on a medium that somebody has prepared, that is full or worn out, and that is pulled at any moment. */
import { execFileSync } from "node:child_process";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { writeDurably } from "../../../src/host/durable-write.ts";
import { HostError } from "../../../src/host/error.ts";
import { type AbsPath, below, toAbsPath } from "../../../src/path.ts";
import { type ExportRequest, exportReceipts } from "../../../src/receipt/export-receipts.ts";
import { MAX_EXPORT_BYTES } from "../../../src/receipt/medium-layout.ts";
import { type Receipt, signReceipt, verifyReceipt } from "../../../src/receipt/receipt.ts";
import { type LoggedReceipt, parseLine } from "../../../src/receipt/receipt-log.ts";
import { formatResult } from "../../../src/receipt/result-text.ts";
import { verifyVisit } from "../../../src/receipt/visit.ts";
import { formatEnvelope, parseEnvelope } from "../../../src/trust/dsse.ts";
import { parsePublicKeyPem, privateKeyOfSeed } from "../../../src/trust/keys.ts";
import { keySigner } from "../../../src/trust/signer.ts";
import { DEVICE_ID, makeReceipt } from "../../support/receipt-fixtures.ts";

const key = privateKeyOfSeed(Buffer.alloc(32, 1));
const MEDIUM_ID = "ab".repeat(16);
const FACTS = { atUtc: "2026-11-20T12:00:00Z", isClockTrusted: false, now: "Nothing to do." };

let directory: AbsPath;
let medium: AbsPath;
beforeEach(() => {
  directory = toAbsPath(mkdtempSync(`${tmpdir()}/export-`));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  medium = below(directory, "medium");
  mkdirSync(below(medium, "bootferry"), { recursive: true });
});

const receipts = () => below(medium, "bootferry-receipts");
const own = (...names: readonly string[]) => below(receipts(), DEVICE_ID, ...names);

async function logged(overrides: Partial<Receipt> = {}): Promise<LoggedReceipt> {
  const line = formatEnvelope(await signReceipt(makeReceipt(overrides), keySigner(key)))
    .toString()
    .trimEnd();
  const parsed = parseLine(line);
  if (parsed === undefined) throw new Error("not a receipt");
  return parsed;
}

async function write(changes: Partial<ExportRequest> = {}) {
  const list = [await logged(), await logged({ serial: 2, outcome: "refused", release: null })];
  return exportReceipts({ ...FACTS, mountPoint: medium, key, receipts: list, mediumId: MEDIUM_ID, ...changes });
}

/** Everything below a directory, with what is in it. */
function contents(of: string): ReadonlyMap<string, string> {
  const names = readdirSync(of, { recursive: true, encoding: "utf8" }).sort();
  return new Map(
    names.map((name) => {
      const stat = lstatSync(below(toAbsPath(of), name));
      return [name, stat.isFile() ? readFileSync(below(toAbsPath(of), name), "latin1") : "not a file"];
    }),
  );
}

describe("receipts on a medium", () => {
  it("stand in the directory of their device, signed, with the key and a visit", async () => {
    expect(await write()).toEqual({ deviceId: DEVICE_ID, receipts: 2, newestSerial: 2 });
    const publicKey = parsePublicKeyPem(readFileSync(own("device.pub"), "utf8"));
    const lines = readFileSync(own("receipts.jsonl"), "utf8").trimEnd().split("\n");
    const verified = lines.map((line) => verifyReceipt(parseEnvelope(Buffer.from(line)), publicKey));
    expect(verified.map(({ receipt }) => receipt.serial)).toEqual([1, 2]);
    expect(verifyVisit(parseEnvelope(readFileSync(own("visit.dsse.json"))), publicKey)).toEqual({
      ...{ specVersion: "1", deviceId: DEVICE_ID, mediumId: MEDIUM_ID, newestSerial: 2 },
      ...{ newestDigest: verified[1]?.digest, atUtc: FACTS.atUtc, isClockTrusted: false },
    });
    expect(readFileSync(own("RESULT.txt"), "utf8")).toContain("What was on the stick");
    expect(readdirSync(medium)).toEqual(["bootferry", "bootferry-receipts"]);
  });

  it("are at most 512 KiB, the newest ones (BF-9.9)", async () => {
    const one = await logged();
    const count = Math.ceil(MAX_EXPORT_BYTES / one.line.length) + 10;
    const many = await Promise.all(Array.from({ length: count }, (_, index) => logged({ serial: index + 1 })));
    const { receipts: written, newestSerial } = await write({ receipts: many });
    expect(written).toBeLessThan(count);
    expect(newestSerial).toBe(count);
    expect(statSync(own("receipts.jsonl")).size).toBeLessThanOrEqual(MAX_EXPORT_BYTES);
    const first = readFileSync(own("receipts.jsonl"), "utf8").split("\n")[0] ?? "";
    expect(parseLine(first)?.receipt.serial).toBe(count - written + 1);
  });

  it("do not wear the stick out: what is there already is not written again", async () => {
    await write();
    const before = ["device.pub", "receipts.jsonl", "visit.dsse.json", "RESULT.txt"].map((it) => statSync(own(it)).ino);
    const writes: string[] = [];
    await write({ atUtc: "2026-11-21T12:00:00Z", writeFile: (path) => void writes.push(path.slice(-15)) });
    expect(writes.map((path) => path.slice(path.lastIndexOf("/") + 1))).toEqual(["visit.dsse.json", "RESULT.txt"]);
    const after = ["device.pub", "receipts.jsonl", "visit.dsse.json", "RESULT.txt"].map((it) => statSync(own(it)).ino);
    expect(after).toEqual(before);
  });

  it("leave those of other devices, and everything else, as they are", async () => {
    mkdirSync(below(receipts(), "ff".repeat(16)), { recursive: true });
    writeFileSync(below(receipts(), "ff".repeat(16), "RESULT.txt"), "of another");
    writeFileSync(below(medium, "bootferry/index.json"), "{}");
    const before = contents(medium);
    await write();
    for (const [name, content] of before) expect(contents(medium).get(name)).toBe(content);
  });
});

describe("a medium that was prepared to lead a device elsewhere", () => {
  const victim = () => below(directory, "victim");
  beforeEach(() => {
    mkdirSync(victim());
    writeFileSync(below(victim(), "file"), "untouched");
  });
  const untouched = () => expect([...contents(victim())]).toEqual([["file", "untouched"]]);

  it.each([
    ["the directory of receipts is a link", () => symlinkSync(victim(), receipts())],
    ["the directory of receipts is a file", () => writeFileSync(receipts(), "")],
    ["the directory of receipts is a FIFO", () => execFileSync("mkfifo", [receipts()])],
    ["that of the device is a link", () => [mkdirSync(receipts()), symlinkSync(victim(), own())]],
    ["that of the device is a link to nothing", () => [mkdirSync(receipts()), symlinkSync("nowhere", own())]],
  ])("gets nothing when %s (BF-9.9)", async (_, prepare) => {
    prepare();
    await expect(write()).rejects.toMatchObject({ code: "RECEIPT_NOT_PLAIN" });
    untouched();
    expect(existsSync(below(medium, "nowhere"))).toBe(false);
  });

  it.each(["device.pub", "receipts.jsonl", "visit.dsse.json", "RESULT.txt"])(
    "has %s replaced when that is a link or a FIFO, and what the link leads to is not touched (BF-9.9)",
    async (name) => {
      mkdirSync(own(), { recursive: true });
      symlinkSync(below(victim(), "file"), own(name));
      symlinkSync(below(victim(), "file"), own(`${name}.tmp`));
      await write();
      untouched();
      expect(lstatSync(own(name)).isFile()).toBe(true);
      rmSync(own(name));
      execFileSync("mkfifo", [own(name)]);
      await write();
      expect(lstatSync(own(name)).isFile()).toBe(true);
      untouched();
    },
  );

  it.each(["RESULT.txt", "receipts.jsonl.tmp"])("keeps a directory in the place of %s", async (name) => {
    mkdirSync(own(name, "inside"), { recursive: true });
    await expect(write()).rejects.toMatchObject({ code: "RECEIPT_NOT_WRITTEN" });
    expect(existsSync(own(name, "inside"))).toBe(true);
    untouched();
  });

  it("writes into the directory that was opened, also when a link takes its name meanwhile", async () => {
    await write({
      writeFile(path, bytes) {
        if (path.endsWith("device.pub")) {
          rmSync(own(), { recursive: true });
          symlinkSync(victim(), own());
        }
        writeDurably(path, bytes);
      },
    }).catch((error: unknown) => expect(error).toMatchObject({ code: "RECEIPT_NOT_WRITTEN" }));
    untouched();
  });
});

describe("a medium that cannot be written to", () => {
  const failing = (errno: string, at: number) => {
    let count = 0;
    return (path: AbsPath, bytes: Buffer) => {
      count += 1;
      if (count === at) {
        const cause = Object.assign(new Error(errno), { code: errno, errno: -1 });
        throw new HostError("HOST_IO", `writing ${path}: ${errno}`, { cause });
      }
      writeDurably(path, bytes);
    };
  };

  it.each(["ENOSPC", "EIO", "EROFS"])("keeps what it has, and says %s and which file", async (errno) => {
    await write();
    const before = contents(medium);
    const request = { receipts: [await logged(), await logged({ serial: 2 }), await logged({ serial: 3 })] };
    await expect(write({ ...request, writeFile: failing(errno, 1) })).rejects.toMatchObject({
      code: "RECEIPT_NOT_WRITTEN",
      message: `${own("receipts.jsonl")} could not be written: ${errno}`,
    });
    expect(contents(medium)).toEqual(before);
  });

  it("is as it was or as it was to be, file by file, wherever it is pulled, and complete the next time", async () => {
    for (let at = 1; at <= 4; at++) {
      rmSync(receipts(), { recursive: true, force: true });
      await expect(write({ writeFile: failing("EIO", at) })).rejects.toMatchObject({ code: "RECEIPT_NOT_WRITTEN" });
      expect(readdirSync(own())).toHaveLength(at - 1);
      await write();
      expect(readdirSync(own()).sort()).toEqual(["RESULT.txt", "device.pub", "receipts.jsonl", "visit.dsse.json"]);
    }
  });
});

describe("RESULT.txt", () => {
  const release = { name: "os", version: "3.0", sequence: 3, payloadDigest: makeReceipt().release?.payloadDigest };
  const reason = { code: "AGENT_UNHEALTHY", message: "10-app failed:\n    dark", remedy: "Bring a newer release." };

  it("says in plain words what runs, what happened, why, and what to do", () => {
    const sick = makeReceipt({ serial: 2, outcome: "rolled-back", release: release as never, reason });
    expect(formatResult([makeReceipt(), sick], FACTS).split("\r\n")).toEqual([
      "What became of the updates of this device",
      "",
      "Device:   kiosk-17 (acme, amd64)",
      `Id:       ${DEVICE_ID}`,
      "Written:  2026-11-20 12:00 UTC (by the clock of the device, which nobody has set right)",
      "Runs:     os 2.0 (sequence 2)",
      "Now:      Nothing to do.",
      "",
      "Last result (2026-11-20 10:00 UTC):",
      "  os 3.0 (sequence 3) was not well; the device went back and runs os 2.0 (sequence 2).",
      "  Why: 10-app failed:     dark [AGENT_UNHEALTHY]",
      "  What to do: Bring a newer release.",
      "",
      "Before that:",
      "  2026-11-20 10:00 UTC  os 2.0 (sequence 2) was installed, checked and kept.",
      "",
      "An update that is still under way is told at the next insertion of a stick.",
      "The signed receipts are in receipts.jsonl: `bootferry receipt collect` reads them.",
      "",
    ]);
  });

  it.each([
    ["enrolled", "The device made its key and began to keep receipts."],
    [
      "unassessed",
      "os 2.0 (sequence 2) did not stay up long enough to be checked; the device runs os 2.0 (sequence 2).",
    ],
    ["refused", "os 2.0 (sequence 2) was refused; the device runs os 2.0 (sequence 2)."],
    ["failed", "os 2.0 (sequence 2) was not installed; the device runs os 2.0 (sequence 2)."],
  ] as const)("says of %s: %s", (outcome, sentence) => {
    expect(formatResult([makeReceipt({ outcome })], FACTS)).toContain(`  ${sentence}\r\n  What to do: nothing.`);
  });
});
