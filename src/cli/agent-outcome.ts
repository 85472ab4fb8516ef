/** How a run of the agent ended, as data and in words. */

import { describeHealth } from "../agent/health-report.ts";
import { type Outcome, reasonOf } from "../agent/outcome.ts";
import type { AgentConfig } from "../config/agent-config.ts";

export function outcomeFacts({ kind, state, message, release, health, refusals, error }: Outcome) {
  const reason = error === undefined ? null : reasonOf(error);
  return { outcome: kind, state, message, release, health, refusals, error: reason };
}

export function describeOutcome({ message, kind, health, refusals, error }: Outcome): string {
  const others = refusals.filter((refusal) => refusal.message !== error?.message && !message.includes(refusal.message));
  const well = kind === "confirmed" && health !== null ? [`health: ${describeHealth(health)}`] : [];
  return [message, ...well, ...others.map(({ message: why, code }) => `not used: ${why} [${code}]`)].join("\n");
}

/** How a run that would install would go on: for rehearsals. */
export function describeContinuation({ policy, window }: AgentConfig["reboot"], storeOnly: boolean): string {
  if (storeOnly) return "It would only be stored: a later run stages it and reboots.";
  switch (policy) {
    case "now":
      return "It would then reboot at once, check its health and keep it, or go back.";
    case "idle":
      return "It would then reboot when the device is idle, check its health and keep it, or go back.";
    case "window":
      return `It would then reboot in the window ${window} UTC, check its health and keep it, or go back.`;
    case "manual":
      return "It would then wait for somebody to reboot the device.";
  }
}
