/** What a run would do with a medium, found out without writing anything: for the person who plans the visit. */
import { openMedium } from "../bundle/medium.ts";
import type { AbsPath } from "../path.ts";
import { type ChoiceFacts, chooseFromMedium } from "./choose-from-medium.ts";
import { journalFile, journalSchema, noJournal } from "./journal.ts";
import { type Outcome, outcome, reasonOf } from "./outcome.ts";
import { peekStateFile } from "./state-file.ts";
import { isAtRest } from "./states.ts";

/**
 * @param facts what the device is and knows
 * @throws CodedError when the medium cannot be used at all; the reason of the signal
 */
export async function planRun(
  stateDirectory: AbsPath,
  medium: AbsPath | undefined,
  facts: ChoiceFacts,
  signal?: AbortSignal,
): Promise<Outcome> {
  const file = peekStateFile(journalFile(stateDirectory), journalSchema);
  const journal = file.kind === "read" ? file.value : noJournal();
  if (!isAtRest(journal.state)) return outcome(journal, "waiting", "A run would first go on with this.");
  const idle = outcome(noJournal(), "nothing");
  if (medium === undefined) return idle;
  const choice = await chooseFromMedium(await openMedium(medium), facts, signal);
  const refusals = choice.refusals.map(reasonOf);
  switch (choice.kind) {
    case "nothing":
      return { ...idle, message: choice.message, refusals };
    case "refused":
      return { ...idle, kind: "refused", message: choice.error.message, refusals, error: choice.error };
    case "install": {
      const { name, version, sequence } = choice.release.statement;
      const message = `A run would install ${name} ${version} (sequence ${sequence}).`;
      return { ...idle, kind: "would-install", message, release: { name, version, sequence }, refusals };
    }
  }
}
