/** How a run of the agent ended, as data and in words. */
import { describeHealth } from "../agent/health-report.ts";
import { type Outcome, reasonOf } from "../agent/outcome.ts";

export function outcomeFacts({ kind, state, message, release, health, refusals, error }: Outcome) {
  const reason = error === undefined ? null : reasonOf(error);
  return { outcome: kind, state, message, release, health, refusals, error: reason };
}

export function describeOutcome({ message, kind, health, refusals, error }: Outcome): string {
  const others = refusals.filter((refusal) => refusal.message !== error?.message && !message.includes(refusal.message));
  const well = kind === "confirmed" && health !== null ? [`health: ${describeHealth(health)}`] : [];
  return [message, ...well, ...others.map(({ message: why, code }) => `not used: ${why} [${code}]`)].join("\n");
}
