/** How a run of the agent ended, for the command line and for tests. */
import { type CodedError, EXIT, type ExitStatus } from "../error.ts";
import type { HealthReport } from "./health-report.ts";
import type { Journal } from "./journal.ts";
import type { Reason, ReleaseFacts } from "./release-facts.ts";
import type { AgentState } from "./states.ts";
import { describeJournal } from "./status-file.ts";

export type OutcomeKind =
  /** There was nothing to do, or nothing new. */
  | "nothing"
  /** With --dry-run: what a run would install. */
  | "would-install"
  /** With --store-only: all of it is on the device; the next run stages it. */
  | "stored"
  /** Something is ready and waits for a reboot, or the medium waits for something. */
  | "waiting"
  | "rebooting"
  | "confirmed"
  | "rolled-back"
  | "unassessed"
  /** The running deployment is not well, and stays: it is confirmed, or there is none to go back to. */
  | "unhealthy"
  | "refused"
  | "failed";

export interface Outcome {
  readonly kind: OutcomeKind;
  readonly state: AgentState;
  /** For people; whole sentences. */
  readonly message: string;
  readonly release: Pick<ReleaseFacts, "name" | "version" | "sequence"> | null;
  readonly health: HealthReport | null;
  /** What was wrong with each release of the medium that could not be used. */
  readonly refusals: readonly Reason[];
  /** Why it was refused or failed. */
  readonly error: CodedError | undefined;
}

/** The outcome that a journal tells of. `note` is added to its words. */
export function outcome(journal: Journal, kind: OutcomeKind, note?: string, error?: CodedError): Outcome {
  const { message, release, refusals } = describeJournal(journal, note);
  const health = "health" in journal ? journal.health : null;
  return { kind, state: journal.state, message, release, health, refusals, error };
}

export function exitStatusOf({ error }: Outcome): ExitStatus {
  return error?.exitStatus ?? EXIT.done;
}

/** A coded error as data, for the records. */
export function reasonOf({ code, message, remedy }: CodedError): Reason {
  return { code, message, remedy };
}

/** Rooms that read nothing but what was brought; some of their codes fail a build on the workstation (status 1). */
const ABOUT_CONTENT = /^(OCI|TREE|COMPOSEFS)_/;

/** Whether an error refuses what was brought, as opposed to a failure of this device. */
export function isRefusal(error: CodedError): boolean {
  if (error.code === "MEDIA_REMOVED") return false; // nothing is wrong with what was brought
  const refusing: readonly ExitStatus[] = [EXIT.notTrusted, EXIT.notApplicable, EXIT.noSpace, EXIT.medium];
  return refusing.includes(error.exitStatus) || ABOUT_CONTENT.test(error.code);
}
