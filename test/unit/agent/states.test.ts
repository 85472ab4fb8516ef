import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  AGENT_EVENTS,
  AGENT_STATES,
  type AgentEvent,
  type AgentState,
  isAtRest,
  nextState,
  STATES_AT_REST,
  TRANSITIONS,
} from "../../../src/agent/states.ts";

const BEGINNINGS: readonly AgentEvent[] = ["medium-given", "kept-release-chosen", "unconfirmed-found"];
const PATH_OF_AN_UPDATE: readonly [AgentEvent, AgentState][] = [
  ["medium-given", "detected"],
  ["medium-opened", "mounted"],
  ["release-chosen", "verified"],
  ["reading-started", "storing"],
  ["contents-stored", "stored"],
  ["deployment-staged", "staged"],
  ["reboot-asked", "rebooting"],
  ["deployment-booted", "assessing"],
  ["health-known", "assessing"],
  ["deployment-confirmed", "confirmed"],
];

describe("the state machine", () => {
  it("carries an update from a medium to its confirmation", () => {
    let state: AgentState = "idle";
    for (const [event, expected] of PATH_OF_AN_UPDATE) {
      state = nextState(state, event) ?? "idle";
      expect(state).toBe(expected);
    }
  });

  it("never leaves the states that it names, whatever happens in whatever order", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...AGENT_EVENTS), { maxLength: 60 }), (events) => {
        let state: AgentState = "idle";
        for (const event of events) state = nextState(state, event) ?? state;
        expect(AGENT_STATES).toContain(state);
      }),
    );
  });

  it.each(STATES_AT_REST)("begins a new attempt from %s, and does nothing else there", (state) => {
    expect(Object.keys(TRANSITIONS[state]).sort()).toEqual([...BEGINNINGS].sort());
  });

  it.each(AGENT_STATES.filter((state) => !isAtRest(state)))("comes to rest from %s", (state) => {
    const seen = new Set<AgentState>([state]);
    for (const from of seen) for (const to of Object.values(TRANSITIONS[from])) seen.add(to);
    expect([...seen].some(isAtRest)).toBe(true);
    expect(nextState(state, "failed")).toBe("failed");
    expect(BEGINNINGS.map((event) => nextState(state, event))).toEqual([undefined, undefined, undefined]);
  });

  it("reaches every state from idle", () => {
    const seen = new Set<AgentState>(["idle"]);
    for (const from of seen) for (const to of Object.values(TRANSITIONS[from])) seen.add(to);
    expect([...seen].sort()).toEqual([...AGENT_STATES].sort());
  });

  it("has a place for every event, and one state that each leads to", () => {
    for (const event of AGENT_EVENTS) {
      const targets = new Set(AGENT_STATES.flatMap((state) => nextState(state, event) ?? []));
      expect([event, targets.size]).toEqual([event, 1]);
    }
  });

  it("refuses nothing any more once it was asked to boot it", () => {
    expect(nextState("rebooting", "refused")).toBeUndefined();
    expect(nextState("assessing", "refused")).toBeUndefined();
  });
});
