import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { digestOf } from "../../../src/oci/digest.ts";
import {
  formatReceipt,
  MAX_HELD,
  MAX_REASON_CHARACTERS,
  MAX_REFUSED,
  parseReceipt,
  type Receipt,
  signReceipt,
  verifyReceipt,
} from "../../../src/receipt/receipt.ts";
import { formatVisit, parseVisit, signVisit, type Visit, verifyVisit } from "../../../src/receipt/visit.ts";
import { formatEnvelope, MAX_ENVELOPE_BYTES, parseEnvelope } from "../../../src/trust/dsse.ts";
import { privateKeyOfSeed } from "../../../src/trust/keys.ts";
import { keySigner } from "../../../src/trust/signer.ts";
import { DEVICE_ID, makeReceipt } from "../../support/receipt-fixtures.ts";

const device = privateKeyOfSeed(Buffer.alloc(32, 1));
const stranger = privateKeyOfSeed(Buffer.alloc(32, 2));

const VISIT: Visit = {
  ...{ specVersion: "1", deviceId: DEVICE_ID, mediumId: "ab".repeat(16), newestSerial: 3 },
  ...{ newestDigest: digestOf("receipt 3"), atUtc: "2026-11-20T10:00:00Z", isClockTrusted: false },
};

function codeOf(act: () => unknown): string | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    return (error as { code?: string }).code;
  }
}

describe("a receipt", () => {
  it("comes back from its bytes and from its envelope, with the digest that the next one names", async () => {
    const receipt = makeReceipt();
    expect(parseReceipt(formatReceipt(receipt))).toEqual(receipt);
    const envelope = parseEnvelope(formatEnvelope(await signReceipt(receipt, keySigner(device))));
    expect(verifyReceipt(envelope, device.publicKey)).toEqual({
      ...{ receipt, digest: digestOf(formatReceipt(receipt)), signedBy: device.publicKey.keyId },
    });
  });

  it("comes back with any plain text in it", () => {
    const plain = fc.string({ unit: "grapheme-ascii", maxLength: 128 });
    fc.assert(
      fc.property(plain, plain, fc.nat(), (label, message, serial) => {
        const receipt = makeReceipt({
          device: { ...makeReceipt().device, label },
          ...{ serial: serial + 1, reason: { code: "AGENT_UNHEALTHY", message, remedy: "" } },
        });
        expect(parseReceipt(formatReceipt(receipt))).toEqual(receipt);
      }),
    );
  });

  it("has the same bytes whatever the order of its members in memory", () => {
    const reversed = Object.fromEntries(Object.entries(makeReceipt()).reverse()) as Receipt;
    expect(formatReceipt(reversed).equals(formatReceipt(makeReceipt()))).toBe(true);
  });

  it("fits into an envelope at the limits of all its lists and texts", async () => {
    const text = "\u{ffff}".repeat(MAX_REASON_CHARACTERS);
    const receipt = makeReceipt({
      held: Array.from({ length: MAX_HELD }, () => ({ payloadDigest: digestOf(""), tree: "x".repeat(128) })),
      refusedReleases: Array.from({ length: MAX_REFUSED }, () => digestOf("")),
      ...{ reason: { code: "X", message: text, remedy: text }, health: text },
    });
    const envelope = formatEnvelope(await signReceipt(receipt, keySigner(device)));
    expect(envelope.length).toBeLessThan(MAX_ENVELOPE_BYTES);
    expect(verifyReceipt(parseEnvelope(envelope), device.publicKey).receipt).toEqual(receipt);
  });

  it.each([
    ["RECEIPT_INVALID", { serial: 0 }],
    ["RECEIPT_INVALID", { serial: 1.5 }],
    ["RECEIPT_INVALID", { outcome: "installed" as never }],
    ["RECEIPT_INVALID", { atUtc: "2026-11-31T10:00:00Z" }],
    ["RECEIPT_INVALID", { previous: "sha512:00" as never }],
    ["RECEIPT_INVALID", { health: "\u001b[2J" }],
    ["RECEIPT_INVALID", { agentVersion: "1\n2" }],
    [
      "RECEIPT_INVALID",
      { held: Array.from({ length: MAX_HELD + 1 }, () => ({ payloadDigest: digestOf(""), tree: null })) },
    ],
    ["RECEIPT_INVALID", { device: { ...makeReceipt().device, id: "../../../etc" } }],
  ] as const)("is refused with %s when it says %j", (code, overrides) => {
    expect(codeOf(() => formatReceipt(makeReceipt(overrides)))).toBe(code);
    expect(codeOf(() => parseReceipt(Buffer.from(JSON.stringify(makeReceipt(overrides)))))).toBe(code);
  });

  it("is believed of its own device's key only, and never as a visit (BF-9.1)", async () => {
    const byStranger = await signReceipt(makeReceipt(), keySigner(stranger));
    expect(codeOf(() => verifyReceipt(byStranger, device.publicKey))).toBe("TRUST_KEY_UNKNOWN");
    const renamed = {
      ...byStranger,
      signatures: byStranger.signatures.map((it) => ({ ...it, keyId: device.publicKey.keyId })),
    };
    expect(codeOf(() => verifyReceipt(renamed, device.publicKey))).toBe("TRUST_SIGNATURE_INVALID");
    const good = await signReceipt(makeReceipt(), keySigner(device));
    expect(codeOf(() => verifyVisit(good, device.publicKey))).toBe("TRUST_PAYLOAD_TYPE");
  });
});

describe("a visit", () => {
  it("comes back from its bytes and from its envelope", async () => {
    expect(parseVisit(formatVisit(VISIT))).toEqual(VISIT);
    expect(verifyVisit(await signVisit(VISIT, keySigner(device)), device.publicKey)).toEqual(VISIT);
    expect(codeOf(() => formatVisit({ ...VISIT, mediumId: "stick" }))).toBe("RECEIPT_INVALID");
  });
});
