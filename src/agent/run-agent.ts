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
import { adoptUnconfirmed, goOn } from "./after-boot.ts";
import { installFromMedium, retryKept } from "./install.ts";
import { noJournal } from "./journal.ts";
import type { MediumSource } from "./medium-source.ts";
import { openSession } from "./open-session.ts";
import { type Outcome, outcome } from "./outcome.ts";
import { areReceiptsAwaited, dropAwaited, untilReceiptsAreWritten } from "./receipts-due.ts";
import type { AgentPorts, Session } from "./session.ts";
import { isAtRest, isMediumNeeded } from "./states.ts";
import { settleTrust } from "./trust-memory.ts";

export interface AgentRequest {
  /** Undefined to go on with what is on the device. */
  readonly medium?: MediumSource | undefined;
  /**
   * Only stores what the medium brings, and leaves everything else to a run without it: for whoever is bound to the
   * medium, or may do no more.
   */
  readonly storeOnly?: boolean | undefined;
}

/**
 * Runs the agent once; the caller holds its lock. Refusals and failures of an update are outcomes, recorded in journal
 * and history.
 * @throws HostError when the state of the device cannot be read or written; TrustError
 *   TRUST_STATE_VERSION; DeployError DEPLOY_BOOT_PARTITION_ABSENT; the reason of the signal, after which the next run goes on
 */
export async function runAgent(ports: AgentPorts, request: AgentRequest): Promise<Outcome> {
  // Such a run is ordered after the writing of receipts (docs/units.md): what is awaited still will never come.
  if (request.medium === undefined) dropAwaited(ports.paths.runtimeDirectory);
  const session = await openSession(ports);
  if (request.storeOnly === true) return tellOfReceipts(session, await storeOnly(session, request));
  const left = await finishEarlier(session);
  if (left !== undefined && !isAtRest(session.journal.state)) return withMediumWaiting(left, request);
  if (request.medium !== undefined) return installFromMedium(session, request.medium, "install");
  return (await retryKept(session)) ?? left ?? outcome(session.journal, "nothing");
}

async function finishEarlier(session: Session): Promise<Outcome | undefined> {
  await session.ports.backend.settleBoot("unknown");
  await session.ports.backend.bootFacts(); // a device that cannot say what runs ends no attempt
  const left = await goOn(session);
  if (!isAtRest(session.journal.state)) return left;
  const facts = await session.ports.backend.bootFacts();
  await settleTrust(session, facts);
  return (await adoptUnconfirmed(session, facts)) ?? left;
}

/** Beyond the medium it only reads what is going on; it neither stages, assesses nor reboots. */
async function storeOnly(session: Session, request: AgentRequest): Promise<Outcome> {
  const facts = await session.ports.backend.bootFacts();
  if (isMediumNeeded(session.journal.state)) await goOn(session); // an interrupted run: it only says so
  if (!isAtRest(session.journal.state)) return withMediumWaiting(outcome(session.journal, "waiting"), request);
  await settleTrust(session, facts);
  if (facts.assessment === "assessing") {
    return withMediumWaiting(outcome(noJournal(), "waiting", "The running system is not confirmed yet."), request);
  }
  if (request.medium === undefined) return outcome(session.journal, "nothing");
  return installFromMedium(session, request.medium, "store");
}

/** "You can remove the medium" is said when that is true: bootferry-receipts@.service follows this run, and says it then. */
function tellOfReceipts({ ports }: Session, stored: Outcome): Outcome {
  if (!areReceiptsAwaited(ports.paths.runtimeDirectory)) return stored;
  return { ...stored, message: untilReceiptsAreWritten(stored.message) };
}

function withMediumWaiting(left: Outcome, { medium }: AgentRequest): Outcome {
  if (medium === undefined || left.kind !== "waiting") return left;
  return { ...left, message: `${left.message} A medium that stays in is looked at after that.` };
}
