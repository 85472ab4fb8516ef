/**
 * The agent's state machine as data: state × event → state.
 *
 *     idle → detected → mounted → verified → storing → stored → staged → rebooting → assessing → confirmed
 *                                                                 ▲          │            │     → rolled-back
 *                                          not finalised: once more ─────────┴────────────┘     → unassessed
 *     refused, failed: from anywhere before
 *
 * A state is on disk before its effect begins, so the state that is found after a power cut names the effect that may
 * have been cut. docs/recovery.md says what happens then.
 */

export const AGENT_STATES = [
  /** No attempt is under way, or the last medium had nothing for us. */
  "idle",
  /** A medium was named; it is being opened. */
  "detected",
  /** The medium is open; its releases are being verified. */
  "mounted",
  /** A release was chosen. */
  "verified",
  /** Its contents are being read from the medium. */
  "storing",
  /** All of it is on this device; the medium is no longer needed. It is being staged. */
  "stored",
  /** It is deployed and passed the second lock; it is being activated, or waits for the reboot. */
  "staged",
  /** The reboot was asked for. */
  "rebooting",
  /** The new deployment runs, and has to show that it is well. */
  "assessing",
  "confirmed",
  /** It was unhealthy and the boot loader went back. */
  "rolled-back",
  /** The boot loader went back before its health was known. */
  "unassessed",
  "refused",
  "failed",
] as const;

export type AgentState = (typeof AGENT_STATES)[number];

export const AGENT_EVENTS = [
  "medium-given",
  "kept-release-chosen",
  "unconfirmed-found",
  "medium-opened",
  "nothing-to-do",
  "release-chosen",
  "reading-started",
  "contents-stored",
  "deployment-staged",
  "reboot-asked",
  "boot-missed",
  "deployment-booted",
  "not-finalised",
  "health-known",
  "deployment-confirmed",
  "fell-back-unhealthy",
  "fell-back-unassessed",
  "refused",
  "failed",
] as const;

export type AgentEvent = (typeof AGENT_EVENTS)[number];

const BEGINNINGS = {
  "medium-given": "detected",
  "kept-release-chosen": "verified",
  "unconfirmed-found": "assessing",
} as const;
const ENDINGS = { refused: "refused", failed: "failed" } as const;
const FALLBACKS = { "fell-back-unhealthy": "rolled-back", "fell-back-unassessed": "unassessed" } as const;

export const TRANSITIONS = {
  idle: BEGINNINGS,
  detected: { "medium-opened": "mounted", ...ENDINGS },
  mounted: { "release-chosen": "verified", "nothing-to-do": "idle", ...ENDINGS },
  verified: { "reading-started": "storing", ...ENDINGS },
  storing: { "contents-stored": "stored", ...ENDINGS },
  stored: { "deployment-staged": "staged", ...ENDINGS },
  staged: {
    "reboot-asked": "rebooting",
    "boot-missed": "staged",
    "deployment-booted": "assessing",
    "not-finalised": "stored",
    ...FALLBACKS,
    ...ENDINGS,
  },
  rebooting: {
    "reboot-asked": "rebooting",
    "boot-missed": "staged",
    "deployment-booted": "assessing",
    "not-finalised": "stored",
    ...FALLBACKS,
    failed: "failed",
  },
  assessing: {
    "health-known": "assessing",
    "reboot-asked": "rebooting",
    "boot-missed": "staged",
    "deployment-confirmed": "confirmed",
    ...FALLBACKS,
    failed: "failed",
  },
  confirmed: BEGINNINGS,
  "rolled-back": BEGINNINGS,
  unassessed: BEGINNINGS,
  refused: BEGINNINGS,
  failed: BEGINNINGS,
} as const satisfies Readonly<Record<AgentState, Readonly<Partial<Record<AgentEvent, AgentState>>>>>;

/** The state that an event leads to, whatever the state before: each event has exactly one. */
export type TargetOf<Event extends AgentEvent> = Event extends AgentEvent
  ? {
      [State in AgentState]: (typeof TRANSITIONS)[State] extends Readonly<
        Record<Event, infer Target extends AgentState>
      >
        ? Target
        : never;
    }[AgentState]
  : never;

/** States in which no attempt is under way: the next one may begin. */
export const STATES_AT_REST = [
  "idle",
  "confirmed",
  "rolled-back",
  "unassessed",
  "refused",
  "failed",
] as const satisfies readonly AgentState[];

export type StateAtRest = (typeof STATES_AT_REST)[number];

export function isAtRest(state: AgentState): state is StateAtRest {
  return (STATES_AT_REST as readonly AgentState[]).includes(state);
}

/** States in which the medium is still being read. */
export function isMediumNeeded(state: AgentState): boolean {
  return state === "detected" || state === "mounted" || state === "verified" || state === "storing";
}

/** The state that follows, or undefined when `state` does not take `event`. */
export function nextState(state: AgentState, event: AgentEvent): AgentState | undefined {
  const row: Readonly<Partial<Record<AgentEvent, AgentState>>> = TRANSITIONS[state];
  return row[event];
}
