import { describe, expect, it } from "vitest";
import { digestOf } from "../../../../src/oci/digest.ts";
import type { LedgerEntry } from "../../../../src/receipt/ledger/entry.ts";
import { judgeDelivery } from "../../../../src/receipt/ledger/judge-delivery.ts";
import { ledgerOf } from "../../../../src/receipt/ledger/ledger.ts";
import type { Receipt } from "../../../../src/receipt/receipt.ts";
import { fleetOf } from "../../../../src/receipt/report/fleet.ts";
import type { Envelope } from "../../../../src/trust/dsse.ts";
import {
  chainOf,
  deliveryOf,
  identity,
  OTHER_MEDIUM,
  stickOf,
  type TestIdentity,
  visitOf,
} from "../../../support/ledger-fixtures.ts";

const release = (sequence: number) => ({
  ...{ name: "os", version: `${sequence}.0`, sequence, payloadDigest: digestOf(`release ${sequence}`) },
});
const runs = (sequence: number) => ({ running: { release: release(sequence), deployment: "d" } });
const sick = { code: "AGENT_UNHEALTHY", message: "the screen stays dark", remedy: "Bring a newer release." };
const NO_OPTIONS = { notSeenSinceUtc: null, release: null };

async function ledgerWith(...devices: readonly (readonly [TestIdentity, readonly Partial<Receipt>[], string?])[]) {
  const entries: LedgerEntry[] = [];
  for (const [device, overrides, medium] of devices) {
    const chain = await chainOf(device, overrides);
    const visit = await visitOf(device, chain.at(-1) as Envelope, medium);
    const rules = { acceptNewKeys: new Set<string>(), givenKeys: [] };
    const judged = await judgeDelivery(ledgerOf(entries), stickOf(deliveryOf(device, chain, { visit })), rules);
    entries.push(...judged.flatMap((judgement) => judgement.entries));
  }
  return ledgerOf(entries);
}

describe("the report of a fleet", () => {
  it("puts what needs somebody first, and says why", async () => {
    const ledger = await ledgerWith(
      [identity(1, "a-well"), [{ ...runs(2), release: release(2) }]],
      [
        identity(2, "b-back"),
        [{ ...runs(1) }, { ...runs(1), outcome: "rolled-back", release: release(2), reason: sick }],
      ],
      [identity(3, "c-refused"), [{ ...runs(1), outcome: "refused", release: null, reason: sick }]],
      [identity(4, "d-copied"), [{ ...runs(2) }], OTHER_MEDIUM],
    );
    const { devices, releases } = fleetOf(ledger, { ...NO_OPTIONS, release: "os@2.0" });
    expect(devices.map(({ label, standing, wanted }) => [label, standing, wanted])).toEqual([
      ["b-back", "trouble", "failed"],
      ["d-copied", "doubtful", "has-it"],
      ["c-refused", "attention", "not-yet"],
      ["a-well", "well", "has-it"],
    ]);
    expect(devices[0]).toMatchObject({ last: { outcome: "rolled-back", reason: sick }, running: { version: "1.0" } });
    expect(devices[1]?.findings).toMatchObject([{ class: "copied" }]);
    expect(releases.map(({ release: it, devices: count }) => [it?.version, count])).toEqual([
      ["2.0", 2],
      ["1.0", 2],
    ]);
  });

  it("says who was not seen since a day, by the device's clock only where that is synchronised", async () => {
    const ledger = await ledgerWith(
      [identity(1, "fresh"), [{ atUtc: "2026-11-20T10:00:00Z" }]],
      [identity(2, "stale"), [{ atUtc: "2026-01-20T10:00:00Z" }]],
    );
    const { devices } = fleetOf(ledger, { ...NO_OPTIONS, notSeenSinceUtc: "2026-06-01T00:00:00Z" });
    expect(devices.map(({ label, isUnseen, standing }) => [label, isUnseen, standing])).toEqual([
      ["stale", true, "attention"],
      ["fresh", false, "well"],
    ]);
    const unset = await ledgerWith([identity(1), [{ atUtc: "1970-01-01T00:00:00Z", isClockTrusted: false }]]);
    expect(fleetOf(unset, NO_OPTIONS).devices[0]?.lastSeen).toEqual({ atUtc: "2026-11-25T12:00:00Z", isExact: false });
  });

  it("asks about a release by name, version or digest", async () => {
    const ledger = await ledgerWith([identity(1), [{ ...runs(2) }]]);
    const wanted = (selector: string) => fleetOf(ledger, { ...NO_OPTIONS, release: selector }).devices[0]?.wanted;
    const { payloadDigest } = release(2);
    expect(["os", "os@2.0", payloadDigest, payloadDigest.slice(7, 27)].map(wanted)).toEqual(Array(4).fill("has-it"));
    expect(["os@3.0", "other", payloadDigest.slice(7, 12)].map(wanted)).toEqual(Array(3).fill("not-yet"));
  });
});
