import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { digestOf } from "../../../src/oci/digest.ts";
import {
  evaluateRollback,
  floorOf,
  nameRefusal,
  raiseFloor,
  rollbackRefusal,
} from "../../../src/trust/rollback-policy.ts";
import { INITIAL_TRUST_STATE, type TrustState } from "../../../src/trust/state.ts";

const [one, two] = [digestOf("one"), digestOf("two")];
const state: TrustState = {
  ...INITIAL_TRUST_STATE,
  floors: { "kiosk-os": { sequence: 42, payloadDigest: one } },
  timeFloorUtc: "2026-01-01T00:00:00Z",
};

const SILENT = { version: 1, document: {} };

describe("the rollback policy", () => {
  it.each([
    ["a higher sequence", { name: "kiosk-os", sequence: 43, payloadDigest: two }, { kind: "newer" }],
    ["the confirmed release", { name: "kiosk-os", sequence: 42, payloadDigest: one }, { kind: "same" }],
    ["its sequence with other content", { name: "kiosk-os", sequence: 42, payloadDigest: two }, { kind: "conflict" }],
    ["a lower sequence", { name: "kiosk-os", sequence: 41, payloadDigest: one }, { kind: "older", floor: 42 }],
    ["a name that was never confirmed", { name: "gateway-os", sequence: 1, payloadDigest: two }, { kind: "newer" }],
    ["a name that every object has", { name: "constructor", sequence: 1, payloadDigest: two }, { kind: "newer" }],
    ["the name of a prototype", { name: "__proto__", sequence: 1, payloadDigest: two }, { kind: "newer" }],
  ])("judges %s", (_, release, verdict) => {
    expect(evaluateRollback(state, release, SILENT)).toEqual(verdict);
  });

  describe("under a root that permits one downgrade and wants sequence 40", () => {
    const document = { downgrades: [two], minSequences: { "kiosk-os": 40, constructor: 2 } };
    const root = { version: 3, document };

    it.each([
      ["the permitted release", "kiosk-os", 41, two, { kind: "downgrade" }],
      ["another one of its sequence", "kiosk-os", 41, one, { kind: "older", floor: 42 }],
      ["it under the minimum", "kiosk-os", 39, two, { kind: "below-minimum", minimum: 40 }],
      ["it at the sequence that is confirmed", "kiosk-os", 42, two, { kind: "conflict" }],
      ["it under a name that was never confirmed", "gateway-os", 1, two, { kind: "newer" }],
      ["a new name under its minimum", "constructor", 1, one, { kind: "below-minimum", minimum: 2 }],
    ])("judges %s (BF-6.11, BF-6.12)", (_, name, sequence, payloadDigest, verdict) => {
      expect(evaluateRollback(state, { name, sequence, payloadDigest }, root)).toEqual(verdict);
    });

    it("says of a release below the minimum which root wants what", () => {
      expect(rollbackRefusal({ kind: "below-minimum", minimum: 40 }, "release a 1 (sequence 39)", root)).toMatchObject({
        code: "TRUST_SEQUENCE_BELOW_MINIMUM",
        message:
          "release a 1 (sequence 39) is too old for every device: root version 3 wants sequence 40 or a later one",
      });
    });

    it("does not let the floor fall when the permitted release is confirmed", () => {
      const confirmed = { name: "kiosk-os", sequence: 41, payloadDigest: two, createdAt: "2025-01-01T00:00:00Z" };
      expect(raiseFloor(state, confirmed)).toEqual(state);
    });
  });

  const time = fc.integer({ min: 0, max: 4e9 }).map((s) => `${new Date(s * 1000).toISOString().slice(0, 19)}Z`);
  const release = fc.record({
    name: fc.constantFrom("kiosk-os", "gateway-os", "constructor"),
    sequence: fc.integer({ min: 1, max: 100 }),
    payloadDigest: fc.constantFrom(one, two),
    createdAt: time,
  });

  it("never lets a floor or the time fall, whatever is confirmed in whatever order (BF-6.9)", () => {
    fc.assert(
      fc.property(fc.array(release), (confirmed) => {
        let now = INITIAL_TRUST_STATE;
        for (const it of confirmed) {
          const next = raiseFloor(now, it);
          for (const name of Object.keys(now.floors)) {
            expect(floorOf(next, name)?.sequence).toBeGreaterThanOrEqual(floorOf(now, name)?.sequence ?? 0);
          }
          expect(floorOf(next, it.name)?.sequence).toBeGreaterThanOrEqual(it.sequence);
          expect((next.timeFloorUtc ?? "") >= (now.timeFloorUtc ?? "")).toBe(true);
          expect(evaluateRollback(next, it, SILENT).kind).not.toBe("newer");
          now = next;
        }
      }),
    );
  });

  it("keeps what was confirmed first when the same sequence is confirmed again", () => {
    const again = { name: "kiosk-os", sequence: 42, payloadDigest: two, createdAt: "2025-01-01T00:00:00Z" };
    expect(raiseFloor(state, again)).toEqual(state);
  });
});

describe("the name that a device follows", () => {
  const root = { version: 3, document: { successors: { "kiosk-os": ["kiosk-ng"], constructor: ["kiosk-os"] } } };
  const codeFor = (followedName: string | null, name: string, under = root as Parameters<typeof nameRefusal>[3]) =>
    nameRefusal({ followedName }, name, "release x 1 (sequence 1)", under)?.code;

  it.each([
    ["any name, before the first was confirmed", null, "anything", undefined],
    ["the confirmed name", "kiosk-os", "kiosk-os", undefined],
    ["a successor of it", "kiosk-os", "kiosk-ng", undefined],
    ["another name", "kiosk-os", "gateway-os", "TRUST_NAME_NOT_PERMITTED"],
    ["what it came from, without permission for the way back", "kiosk-ng", "kiosk-os", "TRUST_NAME_NOT_PERMITTED"],
    ["the successor of a successor", "constructor", "kiosk-ng", "TRUST_NAME_NOT_PERMITTED"],
    ["a name that every object has", "toString", "kiosk-os", "TRUST_NAME_NOT_PERMITTED"],
  ])("may be %s, or not (BF-6.13)", (_, followed, name, code) => {
    expect(codeFor(followed, name)).toBe(code);
  });

  it("stays what it is under a root that says nothing", () => {
    expect(codeFor("kiosk-os", "kiosk-ng", SILENT)).toBe("TRUST_NAME_NOT_PERMITTED");
    expect(nameRefusal({ followedName: "a" }, "b", "release b 1 (sequence 1)", SILENT)?.message).toBe(
      'release b 1 (sequence 1) has another name than what this device has confirmed, "a", and root version 1 does not let "b" follow it',
    );
  });
});
