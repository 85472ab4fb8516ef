/** How an attempt ends that does not work out: refused for what was brought, or failed for what this device could not do. */
import { CodedError } from "../error.ts";
import { collectGarbage } from "./collect-garbage.ts";
import { isRefusal, type Outcome, outcome, reasonOf } from "./outcome.ts";
import type { Session } from "./session.ts";
import { nextState } from "./states.ts";

/** A medium can name thousands of releases; records and screens take the first of what is wrong with them. */
export const MAX_REFUSALS = 16;

/** Runs a part of an attempt; a coded error ends the attempt with its reason. An abort leaves it to the next start. */
export async function endingOnError(session: Session, part: () => Promise<Outcome>): Promise<Outcome> {
  try {
    return await part();
  } catch (error) {
    // A medium that is gone ends the attempt in any case: systemd stops us for the very reason that it is gone.
    if (!isCoded(error, "MEDIA_REMOVED")) session.ports.signal?.throwIfAborted();
    if (!(error instanceof CodedError)) throw error;
    return endWith(session, error);
  }
}

export function isCoded(error: unknown, code: string): boolean {
  return error instanceof CodedError && error.code === code;
}

/** A medium that was pulled out comes back, and what was read of it is worth keeping; any other refusal leaves nothing. */
const RESUMABLE_CODES = ["OCI_BLOB_UNREADABLE", "BUNDLE_MEDIUM_FAILED"];

export async function endWith(
  session: Session,
  error: CodedError,
  refusals: readonly CodedError[] = [],
): Promise<Outcome> {
  const mayHaveStored = "restages" in session.journal;
  const mayRefuse = nextState(session.journal.state, "refused") !== undefined;
  const kind = mayRefuse && isRefusal(error) ? "refused" : "failed";
  await session.end(kind, { reason: reasonOf(error), refusals: refusals.slice(0, MAX_REFUSALS).map(reasonOf) });
  if (kind === "refused" && mayHaveStored && !RESUMABLE_CODES.includes(error.code)) await collectGarbage(session);
  return outcome(session.journal, kind, undefined, error);
}
