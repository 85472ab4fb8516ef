import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { digestOf } from "../../../../src/oci/digest.ts";
import {
  formatLedgerLine,
  type LedgerEntry,
  parseLedgerLine,
  receiptEntry,
  visitEntry,
} from "../../../../src/receipt/ledger/entry.ts";
import { FINDING_CLASSES } from "../../../../src/receipt/ledger/remark.ts";
import type { Envelope } from "../../../../src/trust/dsse.ts";
import { formatUtcTime } from "../../../../src/trust/utc-time.ts";
import { COLLECTED, chainOf, identity, visitOf } from "../../../support/ledger-fixtures.ts";

const DEVICE = identity(1);
let receipts: readonly Envelope[];
let visit: Envelope;
beforeAll(async () => {
  receipts = await chainOf(DEVICE, [{}, { outcome: "refused" }]);
  visit = await visitOf(DEVICE, receipts[0] as Envelope);
});

const parse = (entry: LedgerEntry) => parseLedgerLine(Buffer.from(formatLedgerLine(entry)));

/** Where and when, as any workstation may have it. */
const collected = fc.record({
  atUtc: fc.date({ min: new Date("1970-01-01"), max: new Date("9999-12-31"), noInvalidDate: true }).map(formatUtcTime),
  from: fc.stringMatching(/^[ -~äöü漢字]{0,40}$/),
  medium: fc.option(fc.stringMatching(/^[0-9a-f]{32}$/)),
});

const finding = fc.record({
  kind: fc.constant("finding" as const),
  device: fc.stringMatching(/^[0-9a-f]{32}$/),
  class: fc.constantFrom(...FINDING_CLASSES),
  message: fc.stringMatching(/^[ -~漢字]{0,200}$/),
  serials: fc.array(fc.integer({ min: 1, max: 1_000_000 }), { maxLength: 8 }),
  digests: fc.array(fc.string().map(digestOf), { maxLength: 8 }),
});

describe("a line of a ledger", () => {
  it("comes back as it was written, whatever it says", () => {
    const key = { kind: "key", device: DEVICE.id, publicKey: DEVICE.key.publicKey, how: "first-seen" } as const;
    const entry = fc
      .tuple(
        collected,
        fc.oneof(finding, fc.constant(key), fc.nat({ max: receipts.length - 1 }), fc.constant("visit" as const)),
      )
      .map(([where, what]): LedgerEntry => {
        if (what === "visit") return visitEntry(visit, where);
        return typeof what === "number" ? receiptEntry(receipts[what] as Envelope, where) : { ...where, ...what };
      });
    fc.assert(
      fc.property(entry, (it) => {
        expect({ ...parse(it), envelope: undefined }).toEqual({ ...it, envelope: undefined });
        expect(formatLedgerLine(it)).not.toContain("\n");
        expect(formatLedgerLine(parse(it))).toBe(formatLedgerLine(it));
      }),
    );
  });

  it.each([
    ["of another version", (line: string) => line.replace('"version":1', '"version":2'), "RECEIPT_LEDGER_LINE"],
    [
      "with a member that nobody knows",
      (line: string) => line.replace('"kind"', '"x":1,"kind"'),
      "RECEIPT_LEDGER_LINE",
    ],
    [
      "that names a thing twice",
      (line: string) => line.replace('"kind"', '"from":"","kind"'),
      "OCI_JSON_DUPLICATE_KEY",
    ],
    [
      "with a place that moves the cursor",
      (line: string) => line.replace("/media", "\\u001b[2J"),
      "RECEIPT_LEDGER_LINE",
    ],
    ["that is torn", (line: string) => line.slice(0, -20), "OCI_JSON_INVALID"],
  ])("is refused %s", (_, change, code) => {
    const line = change(formatLedgerLine(receiptEntry(receipts[0] as Envelope, COLLECTED)));
    expect(() => parseLedgerLine(Buffer.from(line))).toThrow(expect.objectContaining({ code }));
  });
});
