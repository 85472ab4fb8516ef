/**
 * Whether the system that was just booted is kept (`agent run --assess`, bootferry-health.service).
 *
 *     on trial    checks → confirmed, or a reboot when there is another good system; what an earlier run has left of
 *                 this attempt is brought to its end as in any other run
 *     confirmed   checks → a report; nothing is recorded or rebooted, and what else waits is left to another run
 *
 * Media, staging and retries are never touched: systemd starts this before it starts anything that does.
 */
import { assessUnconfirmed } from "./after-boot.ts";
import { AgentError } from "./error.ts";
import { runHealth } from "./health.ts";
import { describeHealth, type HealthReport } from "./health-report.ts";
import { noJournal } from "./journal.ts";
import { openSession } from "./open-session.ts";
import { type Outcome, outcome } from "./outcome.ts";
import type { AgentPorts } from "./session.ts";

/**
 * Assesses the running system; the caller holds the agent's lock. The outcome has an error unless the system was found
 * well: systemd then does not reach boot-complete.target, so nobody else marks the boot as good.
 * @throws as runAgent
 */
export async function assessBoot(ports: AgentPorts): Promise<Outcome> {
  const { booted, assessment } = await ports.backend.bootFacts();
  if (assessment !== "assessing") return reportHealth(ports, booted?.id);
  const session = await openSession(ports);
  const ended = await assessUnconfirmed(session);
  if (ended.error !== undefined) return ended;
  const after = await ports.backend.bootFacts();
  return after.assessment === "assessing" ? { ...ended, error: notKept(ended) } : ended;
}

function notKept({ health, message }: Outcome): AgentError {
  const why = health?.healthy === false ? describeHealth(health) : `it was not assessed (${message})`;
  return new AgentError("AGENT_UNHEALTHY", `the running system is not kept: ${why}`);
}

async function reportHealth(ports: AgentPorts, deployment: string | undefined): Promise<Outcome> {
  const checks = { ...ports, hasUnits: !ports.paths.isSimulated };
  const health = await runHealth(checks, ports.config.health, deployment, ports.signal);
  const kind = health.healthy ? "nothing" : "unhealthy";
  const message = `The running system is confirmed${health.healthy ? "" : " and stays"}: ${describeHealth(health)}.`;
  return { ...outcome(noJournal(), kind), message, health, error: health.healthy ? undefined : unwell(health) };
}

function unwell(health: HealthReport): AgentError {
  return new AgentError("AGENT_UNHEALTHY", `the running system is not well: ${describeHealth(health)}`);
}
