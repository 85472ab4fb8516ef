/**
 * One run of the agent, from what it finds to its outcome:
 *
 *     1. what an earlier run has left is brought to its end            (after-boot.ts)
 *     2. a booted deployment that nobody has confirmed is assessed; until it is confirmed, media wait
 *     3. the medium, when there is one, is installed from              (install.ts)
 *        without one, a release that fell back unassessed, or that a person allowed another try, is tried again
 *
 * Run again at any time, also with the same medium: what is done already is not done twice.
 */
import type { AbsPath } from "../path.ts";
import { adoptUnconfirmed, goOn } from "./after-boot.ts";
import { raiseFloorsToBooted } from "./floors.ts";
import { installFromMedium, retryKept } from "./install.ts";
import { type Outcome, outcome } from "./outcome.ts";
import { type AgentPorts, openSession, type Session } from "./session.ts";
import { isAtRest } from "./states.ts";

export interface AgentRequest {
  /** Where a medium is mounted; undefined to go on with what is on the device. */
  readonly medium?: AbsPath | undefined;
}

/**
 * Runs the agent once; the caller holds its lock. Refusals and failures of an update are outcomes, recorded in journal
 * and history.
 * @throws HostError when the state of the device cannot be read or written; TrustError TRUST_STATE_INVALID,
 *   TRUST_STATE_VERSION; DeployError DEPLOY_BOOT_PARTITION_ABSENT; the reason of the signal, after which the next run goes on
 */
export async function runAgent(ports: AgentPorts, request: AgentRequest): Promise<Outcome> {
  const session = await openSession(ports);
  const left = await finishEarlier(session);
  if (left !== undefined && !isAtRest(session.journal.state)) return withMediumWaiting(left, request);
  if (request.medium !== undefined) return installFromMedium(session, request.medium);
  return (await retryKept(session)) ?? left ?? outcome(session.journal, "nothing");
}

async function finishEarlier(session: Session): Promise<Outcome | undefined> {
  await session.ports.backend.bootFacts(); // a device that cannot say what runs ends no attempt
  const left = await goOn(session);
  if (!isAtRest(session.journal.state)) return left;
  const facts = await session.ports.backend.bootFacts();
  raiseFloorsToBooted(session, facts);
  return (await adoptUnconfirmed(session, facts)) ?? left;
}

function withMediumWaiting(left: Outcome, { medium }: AgentRequest): Outcome {
  if (medium === undefined || left.kind !== "waiting") return left;
  return { ...left, message: `${left.message} The medium waits until then.` };
}
