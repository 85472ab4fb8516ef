import { describe, expect, it } from "vitest";
import { digestOf } from "../../../../src/oci/digest.ts";
import type { Delivery, DeviceDelivery } from "../../../../src/receipt/ledger/delivery.ts";
import type { LedgerEntry } from "../../../../src/receipt/ledger/entry.ts";
import { type CollectRules, type Judgement, judgeDelivery } from "../../../../src/receipt/ledger/judge-delivery.ts";
import { ledgerOf } from "../../../../src/receipt/ledger/ledger.ts";
import type { Envelope } from "../../../../src/trust/dsse.ts";
import { privateKeyOfSeed } from "../../../../src/trust/keys.ts";
import {
  COLLECTED,
  chainOf,
  deliveryOf,
  identity,
  OTHER_MEDIUM,
  stickOf,
  type TestIdentity,
  visitOf,
} from "../../../support/ledger-fixtures.ts";

const HALL = identity(1, "hall");
const TILL = identity(2, "till");
/** The hall's device after it was installed anew. */
const HALL_ANEW: TestIdentity = { ...HALL, key: privateKeyOfSeed(Buffer.alloc(32, 77)) };

const NO_RULES: CollectRules = { acceptNewKeys: new Set(), givenKeys: [] };

/** Collects one delivery after the other into a ledger of its own. */
async function collected(...steps: readonly (Delivery | readonly [Delivery, Partial<CollectRules>])[]) {
  const entries: LedgerEntry[] = [];
  let last: readonly Judgement[] = [];
  for (const step of steps) {
    const [delivery, rules] = "kind" in step ? [step, {}] : step;
    last = await judgeDelivery(ledgerOf(entries), delivery, { ...NO_RULES, ...rules });
    entries.push(...last.flatMap((judgement) => judgement.entries));
  }
  return { last, entries, ledger: ledgerOf(entries) };
}

const classes = ([judgement]: readonly Judgement[]) => judgement?.remarks.map((remark) => remark.class);
const serials = (entries: readonly LedgerEntry[]) =>
  entries.flatMap((entry) => (entry.kind === "receipt" ? [entry.receipt.serial] : []));

async function stick(device: TestIdentity, receipts: readonly Envelope[], changes: Partial<DeviceDelivery> = {}) {
  const newest = receipts.at(-1);
  const visit = newest === undefined ? undefined : await visitOf(device, newest);
  return stickOf(deliveryOf(device, receipts, { visit, ...changes }));
}

/** The payload says something else than what was signed. */
const forged = (envelope: Envelope): Envelope => ({
  ...envelope,
  payload: Buffer.from(envelope.payload.toString("utf8").replace('"confirmed"', '"rolled-back"')),
});

const three = [{}, { outcome: "failed" }, {}] as const;

describe("a stick that is collected", () => {
  it("brings new receipts and pins the key of its device", async () => {
    const { last, entries } = await collected(await stick(HALL, await chainOf(HALL, three)));
    expect(last).toMatchObject([{ device: HALL.id, label: "hall", newReceipts: 3, knownReceipts: 0 }]);
    expect(classes(last)).toEqual(["new-device"]);
    expect(entries.map(({ kind }) => kind)).toEqual(["key", "receipt", "receipt", "receipt", "visit"]);
    expect(entries[0]).toMatchObject({ how: "first-seen", publicKey: { keyId: HALL.key.publicKey.keyId } });
  });

  it("adds nothing when it is collected again", async () => {
    const same = await stick(HALL, await chainOf(HALL, three));
    const { last } = await collected(same, same);
    expect(last).toMatchObject([{ newReceipts: 0, knownReceipts: 3, remarks: [], entries: [] }]);
  });

  it("adds only what happened since", async () => {
    const chain = await chainOf(HALL, three);
    const { last } = await collected(await stick(HALL, chain.slice(0, 2)), await stick(HALL, chain));
    expect(last).toMatchObject([{ newReceipts: 1, knownReceipts: 2, remarks: [] }]);
  });

  it("says which receipts are missing", async () => {
    const chain = await chainOf(HALL, [{}, {}, {}, {}]);
    const { last } = await collected(await stick(HALL, chain.slice(3)));
    expect(classes(last)).toEqual(["new-device", "gap"]);
    expect(last[0]?.remarks[1]?.message).toContain("receipt 1-3 ");
  });

  it("is no alarm when a later stick was collected before it", async () => {
    const chain = await chainOf(HALL, three);
    const later = { ...(await stick(HALL, chain)), medium: OTHER_MEDIUM };
    const elsewhere = await visitOf(HALL, chain[2] as Envelope, OTHER_MEDIUM);
    const [brought] = later.devices as readonly [DeviceDelivery];
    const { last } = await collected(
      { ...later, devices: [{ ...brought, visit: elsewhere }] },
      await stick(HALL, chain.slice(0, 1)),
    );
    expect(classes(last)).toEqual(["older"]);
  });
});

describe("receipts that must not be believed (BF-9.5, BF-9.11)", () => {
  it("are forged when their content was changed after signing, and the others still count", async () => {
    const chain = await chainOf(HALL, three);
    const { last, entries } = await collected(
      await stick(HALL, [chain[0], chain[1], forged(chain[2] as Envelope)] as Envelope[]),
    );
    expect(classes(last)).toContain("forged");
    expect(last[0]?.remarks.find((remark) => remark.class === "forged")).toMatchObject({ serials: [3] });
    expect(serials(entries)).toEqual([1, 2]);
  });

  it("are forged when known ones come back with another signature", async () => {
    const chain = await chainOf(HALL, three);
    const [first] = chain as readonly [Envelope];
    const broken = { ...first, signatures: first.signatures.map((it) => ({ ...it, sig: Buffer.alloc(64, 1) })) };
    const { last, entries } = await collected(await stick(HALL, chain), await stick(HALL, [broken]));
    expect(classes(last)).toContain("forged");
    expect(serials(entries)).toEqual([1, 2, 3]);
  });

  it("are of another key when the device is known by one, until a person accepts it", async () => {
    const known = await stick(HALL, await chainOf(HALL, three));
    const anew = await stick(HALL_ANEW, await chainOf(HALL_ANEW, [{}]));
    const refused = await collected(known, anew);
    expect(classes(refused.last)).toEqual(["other-key"]);
    expect(serials(refused.entries)).toEqual([1, 2, 3]);
    const accepted = await collected(known, anew, [anew, { acceptNewKeys: new Set([HALL.id]) }]);
    expect(classes(accepted.last)).toEqual(["new-key"]);
    expect(accepted.ledger.devices[0]?.receipts.at(-1)).toMatchObject({ keyId: HALL_ANEW.key.publicKey.keyId });
  });

  it("are of another key when keys were given beforehand and theirs is not among them", async () => {
    const brought = await stick(HALL, await chainOf(HALL, [{}]));
    const strict = await collected([brought, { givenKeys: [TILL.key.publicKey] }]);
    expect(classes(strict.last)).toEqual(["other-key"]);
    const given = await collected([brought, { givenKeys: [HALL.key.publicKey] }]);
    expect(given.entries[0]).toMatchObject({ kind: "key", how: "given" });
  });

  it("are forged when they are signed by the key of another device that is known", async () => {
    const receipts = await chainOf({ ...HALL, key: TILL.key }, [{}]);
    const { last } = await collected(
      await stick(TILL, await chainOf(TILL, [{}])),
      stickOf(deliveryOf({ ...HALL, key: TILL.key }, receipts)),
    );
    expect(last).toMatchObject([{ label: null, newReceipts: 0, remarks: [{ class: "forged" }] }]);
    expect(last[0]?.remarks[0]?.message).toContain(TILL.id);
  });

  it("are forged when they lie in the directory of another device", async () => {
    const receipts = await chainOf(TILL, [{}]);
    const { last } = await collected(stickOf({ ...deliveryOf(TILL, receipts), device: HALL.id }));
    expect(classes(last)).toEqual(["forged"]);
  });

  it("pin no key by a receipt that the key has not signed", async () => {
    const receipts = (await chainOf(HALL, [{}])).map(forged);
    const { last, entries } = await collected(stickOf(deliveryOf(HALL, receipts)));
    expect(classes(last)).toEqual(["forged"]);
    expect(entries.map(({ kind }) => kind)).toEqual(["finding"]);
  });

  it("are a fork when the device has signed another receipt of the same serial", async () => {
    const chain = await chainOf(HALL, three);
    const start = { serial: 3, previous: digestOf((chain[1] as Envelope).payload) };
    const [other] = (await chainOf(HALL, [{ outcome: "rolled-back" }], start)) as readonly [Envelope];
    const { last, entries } = await collected(await stick(HALL, chain), stickOf(deliveryOf(HALL, [other])));
    expect(classes(last)).toContain("fork");
    expect(serials(entries)).toEqual([1, 2, 3]);
  });

  it("are a fork when they do not follow the receipt before", async () => {
    const chain = await chainOf(HALL, three);
    const [other] = (await chainOf(HALL, [{}], { serial: 3, previous: digestOf("another past") })) as readonly [
      Envelope,
    ];
    const { last } = await collected(stickOf(deliveryOf(HALL, [...chain.slice(0, 2), other])));
    expect(classes(last)).toContain("fork");
  });
});

describe("a stick that is not what the device has left (BF-9.7)", () => {
  it("is a copy when the visit is of another medium, and its receipts are genuine all the same", async () => {
    const chain = await chainOf(HALL, three);
    const visit = await visitOf(HALL, chain[2] as Envelope, OTHER_MEDIUM);
    const { last } = await collected(await stick(HALL, chain, { visit }));
    expect(last).toMatchObject([{ newReceipts: 3 }]);
    expect(classes(last)).toContain("copied");
  });

  it("is a copy when it has no id and the visit names one", async () => {
    const brought = { ...(await stick(HALL, await chainOf(HALL, [{}]))), medium: null };
    expect(classes((await collected(brought)).last)).toContain("copied");
  });

  it("is replayed when the same medium shows an older visit than before", async () => {
    const chain = await chainOf(HALL, three);
    const before = await stick(HALL, chain.slice(0, 1));
    const { last, ledger } = await collected(before, await stick(HALL, chain), before);
    expect(classes(last)).toEqual(["replayed"]);
    expect(ledger.devices[0]?.findings).toMatchObject([{ class: "replayed" }]);
  });

  it("is cut when the receipt that the visit names is not there", async () => {
    const chain = await chainOf(HALL, three);
    const visit = await visitOf(HALL, chain[2] as Envelope);
    expect(classes((await collected(await stick(HALL, chain.slice(0, 2), { visit }))).last)).toContain("gap");
  });

  it("says nothing about where it comes from without a visit", async () => {
    const brought = stickOf(deliveryOf(HALL, await chainOf(HALL, [{}])));
    expect(classes((await collected(brought)).last)).toContain("unbound");
  });

  it("is forged when the visit is", async () => {
    const chain = await chainOf(HALL, [{}]);
    const visit = await visitOf(HALL, chain[0] as Envelope);
    const { last } = await collected(await stick(HALL, chain, { visit: { ...visit, payload: Buffer.from("{}") } }));
    expect(classes(last)).toContain("forged");
  });

  it("is found wanting once, however often it is collected", async () => {
    const chain = await chainOf(HALL, three);
    const visit = await visitOf(HALL, chain[2] as Envelope, OTHER_MEDIUM);
    const copy = await stick(HALL, [...chain, forged(chain[0] as Envelope)], { visit });
    const { last } = await collected(copy, copy);
    expect(last).toMatchObject([{ newReceipts: 0, entries: [] }]);
  });
});

describe("another person's ledger", () => {
  it("brings a device with all the keys that it has had", async () => {
    const theirs = await collected(await stick(HALL, await chainOf(HALL, three)), [
      await stick(HALL_ANEW, await chainOf(HALL_ANEW, [{}])),
      { acceptNewKeys: new Set([HALL.id]) },
    ]);
    const devices = theirs.ledger.devices.map(({ id, keys, receipts }) => ({
      ...{ device: id, keys: keys.map(({ publicKey }) => publicKey), visit: undefined, defects: [] },
      receipts: receipts.map(({ envelope }) => envelope),
    }));
    const ours = await collected({ kind: "ledger", ...COLLECTED, medium: null, devices, defects: [] });
    expect(ours.last).toMatchObject([{ newReceipts: 4 }]);
    expect(ours.ledger.devices[0]?.keys).toHaveLength(2);
  });
});
