import { execFileSync } from "node:child_process";
import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { toAbsPath } from "../../../../src/path.ts";
import { readDelivery, readReceiptsFile, splitLines } from "../../../../src/receipt/ledger/read-delivery.ts";
import { READ_LIMITS } from "../../../../src/receipt/medium-layout.ts";
import { type Envelope, formatEnvelope } from "../../../../src/trust/dsse.ts";
import {
  COLLECTED,
  chainOf,
  deliveryOf,
  identity,
  layOutStick,
  stickOf,
  visitOf,
} from "../../../support/ledger-fixtures.ts";

const HALL = identity(1, "hall");
const TILL = identity(2, "till");

let directory: string;
let receipts: readonly Envelope[];
let visit: Envelope;
beforeAll(async () => {
  receipts = await chainOf(HALL, [{}, {}]);
  visit = await visitOf(HALL, receipts[1] as Envelope);
});
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "bootferry-delivery-"));
  layOutStick(directory, stickOf(deliveryOf(HALL, receipts, { visit }), deliveryOf(TILL, await chainOf(TILL, [{}]))));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const own = (name: string) => join(directory, "bootferry-receipts", HALL.id, name);
const read = () => readDelivery(toAbsPath(directory), COLLECTED);
const hall = () => read().devices.find(({ device }) => device === HALL.id);

describe("a stick with receipts (BF-9.10)", () => {
  it("is read device by device, with key, visit and the id of the medium", () => {
    const delivery = read();
    expect(delivery).toMatchObject({ kind: "medium", medium: COLLECTED.medium, defects: [] });
    expect(delivery.devices.map(({ device, receipts: found }) => [device, found.length]).sort()).toEqual(
      [
        [HALL.id, 2],
        [TILL.id, 1],
      ].sort(),
    );
    expect(hall()?.keys.map(({ keyId }) => keyId)).toEqual([HALL.key.publicKey.keyId]);
    expect(hall()?.visit?.payload.equals(visit.payload)).toBe(true);
  });

  it("loses no receipt to a line that was torn, or that is no receipt", () => {
    appendFileSync(
      own("receipts.jsonl"),
      `not json\n\xff\xfe\n\n${formatEnvelope(receipts[0] as Envelope)}{"payloadType":"x`,
    );
    expect(hall()?.receipts).toHaveLength(3);
    expect(hall()?.defects).toHaveLength(3);
  });

  it.each(["receipts.jsonl", "device.pub", "visit.dsse.json"])("follows no link in the place of %s", (name) => {
    renameSync(own(name), join(directory, "elsewhere"));
    symlinkSync(join(directory, "elsewhere"), own(name));
    expect(hall()?.defects).toEqual([expect.stringContaining("not a regular file")]);
    expect(hall()?.receipts).toHaveLength(name === "receipts.jsonl" ? 0 : 2);
  });

  it("does not wait for a pipe in the place of the receipts", () => {
    rmSync(own("receipts.jsonl"));
    execFileSync("mkfifo", [own("receipts.jsonl")]);
    expect(hall()?.defects).toEqual([expect.stringContaining("not a regular file")]);
  });

  it("is not read through a link in the place of a device's directory, nor where the name is no device id", () => {
    renameSync(join(directory, "bootferry-receipts", HALL.id), join(directory, "bootferry-receipts", "..data"));
    symlinkSync("..data", join(directory, "bootferry-receipts", HALL.id));
    expect(read().devices.map(({ device }) => device)).toEqual([TILL.id]);
  });

  it.each([
    ["receipts.jsonl", READ_LIMITS.receiptsBytes],
    ["device.pub", READ_LIMITS.publicKeyBytes],
    ["visit.dsse.json", READ_LIMITS.visitBytes],
  ])("is refused a %s of more than %i bytes", (name, bytes) => {
    writeFileSync(own(name), Buffer.alloc(bytes + 1, 0x20));
    expect(hall()?.defects).toEqual([expect.stringContaining(`has over ${bytes} bytes`)]);
  });

  it("is told from a directory with nothing of ours", () => {
    const empty = join(directory, "empty");
    mkdirSync(empty);
    const none = expect.objectContaining({ code: "RECEIPT_NONE" });
    expect(() => readDelivery(toAbsPath(empty), COLLECTED)).toThrow(none);
  });

  it("keeps its receipts when the id of the medium is damaged, and says so", () => {
    writeFileSync(join(directory, "bootferry/medium.json"), '{"id":"../.."}');
    expect(read()).toMatchObject({ medium: null, defects: [expect.stringContaining("medium.json")] });
    expect(read().devices).toHaveLength(2);
  });
});

describe("a directory that was taken off a device", () => {
  it("says whose it is by its name, or by its receipts", () => {
    const one = toAbsPath(join(directory, "bootferry-receipts", HALL.id));
    expect(readDelivery(one, COLLECTED)).toMatchObject({ kind: "directory", devices: [{ device: HALL.id }] });
    const renamed = join(directory, "from-the-hall");
    renameSync(one, renamed);
    expect(readDelivery(toAbsPath(renamed), COLLECTED)).toMatchObject({ devices: [{ device: HALL.id }] });
  });

  it("is read from the older of two files on", async () => {
    const longer = await chainOf(HALL, [{}, {}, {}, {}]);
    writeFileSync(own("receipts.jsonl.1"), Buffer.concat(longer.slice(0, 2).map(formatEnvelope)));
    writeFileSync(own("receipts.jsonl"), Buffer.concat(longer.slice(2).map(formatEnvelope)));
    expect(hall()?.receipts.map(({ payload }) => JSON.parse(payload.toString()).serial)).toEqual([1, 2, 3, 4]);
  });
});

describe("a file of receipts", () => {
  it("may hold those of several devices", async () => {
    const file = join(directory, "all.jsonl");
    const all = [...receipts, ...(await chainOf(TILL, [{}]))];
    writeFileSync(file, Buffer.concat(all.map(formatEnvelope)));
    const { devices } = readReceiptsFile(toAbsPath(file), COLLECTED);
    expect(devices.map(({ device, receipts: found }) => [device, found.length])).toEqual([
      [HALL.id, 2],
      [TILL.id, 1],
    ]);
  });
});

describe("lines", () => {
  it.each([
    ["", []],
    ["a", ["a"]],
    ["a\n", ["a"]],
    ["\n", [""]],
    ["a\n\nb", ["a", "", "b"]],
  ])("of %j are %j", (text, lines) => {
    expect(splitLines(Buffer.from(text)).map(String)).toEqual(lines);
  });
});
