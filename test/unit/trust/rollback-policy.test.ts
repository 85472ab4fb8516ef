import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { digestOf } from "../../../src/oci/digest.ts";
import { evaluateRollback, floorOf, raiseFloor } from "../../../src/trust/rollback-policy.ts";
import { INITIAL_TRUST_STATE, type TrustState } from "../../../src/trust/state.ts";

const [one, two] = [digestOf("one"), digestOf("two")];
const state: TrustState = {
  ...INITIAL_TRUST_STATE,
  floors: { "kiosk-os": { sequence: 42, payloadDigest: one } },
  timeFloorUtc: "2026-01-01T00:00:00Z",
};

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
    expect(evaluateRollback(state, release)).toEqual(verdict);
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
          expect(evaluateRollback(next, it).kind).not.toBe("newer");
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
