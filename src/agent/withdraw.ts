/** A person takes back what the agent has made ready (`os rollback`): the attempt ends, and the agent does not fight it. */
import type { Clock } from "../host/clock.ts";
import type { AbsPath } from "../path.ts";
import { AgentError } from "./error.ts";
import { appendHistory } from "./history.ts";
import { readJournal, writeJournal } from "./journal.ts";
import { reasonOf } from "./outcome.ts";
import { describeRelease } from "./release-facts.ts";

/**
 * Ends the attempt that waits for its reboot, if there is one; the next run of the agent puts it into history. Counts
 * nothing against the release. The caller holds the agent's lock.
 * @throws HostError
 */
export function withdrawAttempt(stateDirectory: AbsPath, clock: Clock): void {
  const atUtc = clock.nowUtc().toISOString();
  const journal = readJournal(stateDirectory, (message) =>
    appendHistory(stateDirectory, { version: 1, kind: "note", atUtc, about: "damaged-file", message }),
  );
  if (journal?.state !== "staged" && journal?.state !== "rebooting") return;
  const { restages: _restages, missedBoots: _missedBoots, ...kept } = journal;
  const what = journal.release === null ? journal.deployment.id : describeRelease(journal.release);
  const reason = reasonOf(new AgentError("AGENT_WITHDRAWN", `${what} was ready, and somebody took it back`));
  writeJournal(stateDirectory, {
    ...kept,
    ...{ state: "failed", updatedAtUtc: atUtc, reason, refusals: [], wasBootable: false },
  });
}
