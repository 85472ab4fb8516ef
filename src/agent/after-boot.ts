/**
 * What an earlier run has left: after a reboot, a power cut, or a stop. Each state of the journal has one way on from it
 * (docs/recovery.md), and which way is taken is decided by what the deployments are, never by the journal alone.
 */
import type { BootFacts, DeploymentFacts } from "../deploy/port.ts";
import { collectGarbage } from "./collect-garbage.ts";
import { endingOnError } from "./end-attempt.ts";
import { AgentError } from "./error.ts";
import { evaluateBoot } from "./evaluate-boot.ts";
import { describeGivenUp, forgetGivenUp } from "./given-up.ts";
import { runHealth } from "./health.ts";
import { describeHealth, type HealthReport } from "./health-report.ts";
import { stageStored } from "./install.ts";
import type { JournalIn } from "./journal.ts";
import { lookAgainAtMedia } from "./look-again.ts";
import { type Outcome, outcome, reasonOf } from "./outcome.ts";
import { reboot, rebootByPolicy } from "./reboot.ts";
import { describeRelease, isChosen } from "./release-facts.ts";
import type { Session } from "./session.ts";
import { isAtRest } from "./states.ts";
import { rememberConfirmed } from "./trust-memory.ts";

type Trying = JournalIn<"staged"> | JournalIn<"rebooting"> | JournalIn<"assessing">;

/** Once more after the first time; what does not become bootable in three goes is not a power cut. */
const MAX_RESTAGES = 2;
const MAX_MISSED_BOOTS = 2;

/**
 * Brings what an earlier run has left to its end, or to the next point at which it has to wait.
 * @returns undefined when there was nothing to do
 */
export async function goOn(session: Session): Promise<Outcome | undefined> {
  const { journal } = session;
  switch (journal.state) {
    case "idle":
    case "confirmed":
    case "rolled-back":
    case "unassessed":
    case "refused":
    case "failed":
      return undefined;
    case "detected":
    case "mounted":
    case "verified":
    case "storing":
      return fail(session, new AgentError("AGENT_INTERRUPTED", "The update was interrupted while it was read"));
    case "stored":
      return stageStored(session, { ...journal, state: journal.state });
    case "staged":
    case "rebooting":
    case "assessing":
      return endingOnError(session, () => assess(session, { ...journal, state: journal.state }));
  }
}

async function assess(session: Session, tried: Trying): Promise<Outcome> {
  const facts = await session.ports.backend.bootFacts();
  const verdict = evaluateBoot(tried.deployment, facts);
  switch (verdict.kind) {
    case "booted":
      return checkBooted(session, tried, facts, verdict.isConfirmed);
    case "pending":
      return wait(session, tried, facts);
    case "not-finalised":
      return stageAgain(session, tried);
    case "fell-back":
      return recordFallback(session, tried);
    case "confirmed-and-left":
      return tried.health?.healthy === true ? recordConfirmed(session, tried) : withdrawn(session, tried);
    case "withdrawn":
      return withdrawn(session, tried);
  }
}

/**
 * Assesses the booted deployment, which is on trial: as the end of the attempt that the journal tells of, or as one that
 * no attempt speaks of. A deployment on trial keeps the backend from staging, so nothing else comes of it.
 */
export async function assessUnconfirmed(session: Session): Promise<Outcome> {
  await session.ports.backend.settleBoot("unknown");
  const left = await goOn(session);
  const adopted = isAtRest(session.journal.state)
    ? await adoptUnconfirmed(session, await session.ports.backend.bootFacts())
    : undefined;
  return adopted ?? left ?? outcome(session.journal, "nothing");
}

/** Assesses a booted deployment that nobody has assessed and no attempt speaks of, such as one of `os upgrade`. */
export async function adoptUnconfirmed(session: Session, facts: BootFacts): Promise<Outcome | undefined> {
  const { booted, assessment } = facts;
  if (assessment !== "assessing" || booted === undefined) return undefined;
  const deployment = { id: booted.id, imageDigest: booted.imageDigest };
  const fields = { release: releaseOf(booted), deployment, restages: 0, missedBoots: 0, health: null };
  const trying = await session.enter("unconfirmed-found", fields, null);
  return endingOnError(session, () => checkBooted(session, trying, facts, false));
}

function releaseOf({ release, payloadDigest }: DeploymentFacts) {
  return release === null || payloadDigest === null ? null : { ...release, payloadDigest, createdAtUtc: null };
}

async function checkBooted(session: Session, tried: Trying, facts: BootFacts, isConfirmed: boolean): Promise<Outcome> {
  if (isKnownHealthy(session, tried)) return confirm(session, tried);
  const { ports } = session;
  const { release, deployment, restages, missedBoots } = tried;
  const carried = { release, deployment, restages, missedBoots };
  if (tried.state !== "assessing") await session.enter("deployment-booted", { ...carried, health: tried.health });
  const health = await runHealth(
    { ...ports, hasUnits: !ports.paths.isSimulated },
    ports.config.health,
    deployment.id,
    ports.signal,
  );
  const known = await session.enter("health-known", { ...carried, health });
  if (health.healthy) return confirm(session, known);
  return unhealthy(session, known, health, { canFallBack: facts.canFallBack, isConfirmed });
}

/** Found healthy in this very boot, and stopped before that had its effect. */
function isKnownHealthy({ bootId }: Session, { state, health, bootId: writtenIn }: Trying): boolean {
  return state === "assessing" && health?.healthy === true && writtenIn === bootId;
}

async function confirm(session: Session, tried: Trying): Promise<Outcome> {
  await session.ports.backend.confirm();
  const confirmed = await recordConfirmed(session, tried);
  await collectGarbage(session);
  await lookAgainAtMedia(session);
  return confirmed;
}

/** The boot entry comes before: a floor above a release that was not confirmed would lock its predecessor out. */
async function recordConfirmed(session: Session, { release }: Trying): Promise<Outcome> {
  if (release !== null) rememberConfirmed(session, await session.ports.backend.bootFacts(), release);
  await session.end("deployment-confirmed");
  forgetGivenUp(session.ports.paths.stateDirectory);
  return outcome(session.journal, "confirmed");
}

async function withdrawn(session: Session, tried: Trying): Promise<Outcome> {
  const what = `${nameOf(tried)} was ready, but somebody made another system the next one to boot`;
  return fail(session, new AgentError("AGENT_WITHDRAWN", what), false);
}

async function unhealthy(
  session: Session,
  tried: JournalIn<"assessing">,
  health: HealthReport,
  { canFallBack, isConfirmed }: { readonly canFallBack: boolean; readonly isConfirmed: boolean },
): Promise<Outcome> {
  const error = new AgentError("AGENT_UNHEALTHY", `${nameOf(tried)} is not well: ${describeHealth(health)}`);
  // Somebody else (systemd-bless-boot, a person) confirmed it: a confirmed system is never rebooted for its health.
  if (isConfirmed) return { ...(await fail(session, error)), error };
  if (canFallBack) {
    await session.ports.backend.settleBoot("failed");
    return reboot(session, tried);
  }
  session.show({ message: "There is no other system to go back to." });
  return outcome(session.journal, "unhealthy", "There is no other system to go back to.", error);
}

/** It is next and does not run: not rebooted yet, or booted past it. */
async function wait(session: Session, tried: Trying, { assessment }: BootFacts): Promise<Outcome> {
  // Whoever waits for the assessment of the running system is not kept waiting for people to read.
  const options = { etc: "merge-again", isUrgent: assessment === "assessing" } as const;
  if (tried.bootId === session.bootId) return rebootByPolicy(session, tried, options);
  const { release, deployment, restages, health } = tried;
  const missedBoots = tried.missedBoots + 1;
  if (missedBoots <= MAX_MISSED_BOOTS) {
    // On disk at once, whoever asked for the boot: a policy that waits would count none of them, and wait for ever.
    const counted = await session.enter("boot-missed", { release, deployment, restages, missedBoots, health });
    return rebootByPolicy(session, counted, options);
  }
  const what = `${nameOf(tried)} is next in the boot order, and yet ${missedBoots} boots went to another system`;
  return fail(session, new AgentError("AGENT_NEVER_BOOTED", what), true);
}

async function stageAgain(session: Session, tried: Trying): Promise<Outcome> {
  const { release, restages } = tried;
  const mayRestage = tried.state !== "assessing" && restages < MAX_RESTAGES && isChosen(release);
  if (mayRestage) {
    return stageStored(session, await session.enter("not-finalised", { release, restages: restages + 1 }));
  }
  const what = `${nameOf(tried)} never became bootable: its deployment ${tried.deployment.id} has no boot entry`;
  return fail(session, new AgentError("AGENT_NEVER_BOOTED", what), true);
}

async function recordFallback(session: Session, tried: Trying): Promise<Outcome> {
  if (tried.health?.healthy === false) {
    const error = new AgentError("AGENT_UNHEALTHY", `${nameOf(tried)} was not well: ${describeHealth(tried.health)}`);
    await session.end("fell-back-unhealthy", { reason: reasonOf(error) });
    return outcome(session.journal, "rolled-back");
  }
  const { stateDirectory } = session.ports.paths;
  const known = describeGivenUp(stateDirectory, tried.deployment.id);
  const why = known === undefined ? "" : `: ${known}`;
  const what = `${nameOf(tried)} used up its tries before its health was known${why}`;
  await session.end("fell-back-unassessed", { reason: reasonOf(new AgentError("AGENT_FELL_BACK", what)) });
  forgetGivenUp(stateDirectory); // after it is recorded
  return outcome(session.journal, "unassessed");
}

/** Records what went wrong in an earlier run. It is no error of this one, which has done what there was to do. */
async function fail(session: Session, error: AgentError, wasBootable?: boolean): Promise<Outcome> {
  const reason = reasonOf(error);
  await session.end("failed", wasBootable === undefined ? { reason } : { reason, wasBootable });
  return outcome(session.journal, "failed");
}

function nameOf({ release, deployment }: Trying): string {
  return release === null ? `deployment ${deployment.id}` : describeRelease(release);
}
