/** When the device may reboot into what is ready: the decision, apart from the reboot. */
import type { AgentConfig } from "../config/agent-config.ts";

type RebootConfig = AgentConfig["reboot"];

export type RebootDecision =
  | { readonly kind: "now" }
  /** `why` ends the sentence "It waits …". */
  | { readonly kind: "wait"; readonly waitsFor: WaitsFor; readonly why: string };

/** `trusted-clock`: for a person, since the window cannot be told from a clock that nobody vouches for. */
export type WaitsFor = "person" | "idle" | "window" | "trusted-clock";

export interface RebootFacts {
  /** The clock, only when it is synchronised. */
  readonly synchronisedNowUtc: Date | undefined;
  /** What the idle command said; undefined when it was not asked. */
  readonly isIdle: boolean | undefined;
}

export function evaluateReboot(config: RebootConfig, { synchronisedNowUtc, isIdle }: RebootFacts): RebootDecision {
  switch (config.policy) {
    case "now":
      return { kind: "now" };
    case "manual":
      return { kind: "wait", waitsFor: "person", why: "for somebody to reboot the device" };
    case "idle":
      return isIdle === true ? { kind: "now" } : { kind: "wait", waitsFor: "idle", why: "until the device is idle" };
    case "window": {
      const { window } = config;
      if (window === undefined) return { kind: "wait", waitsFor: "person", why: "for somebody to reboot the device" };
      if (synchronisedNowUtc === undefined) {
        return {
          kind: "wait",
          waitsFor: "trusted-clock",
          why: `for somebody to reboot the device, since its clock cannot be trusted for the window ${window}`,
        };
      }
      return isInWindow(window, synchronisedNowUtc)
        ? { kind: "now" }
        : { kind: "wait", waitsFor: "window", why: `for the window ${window} UTC` };
    }
  }
}

/** @param window `HH:MM-HH:MM` in UTC; the end is outside; equal ends mean the whole day */
export function isInWindow(window: string, now: Date): boolean {
  const [start = 0, end = 0] = window.split("-").map(minutesOf);
  const minute = now.getUTCHours() * 60 + now.getUTCMinutes();
  if (start === end) return true;
  return start < end ? minute >= start && minute < end : minute >= start || minute < end;
}

function minutesOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(":").map(Number);
  return hours * 60 + minutes;
}
