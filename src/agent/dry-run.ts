/** What a run would do with a medium, found out without writing anything: for the person who plans the visit. */
import { chooseUnder, describeAdoption, planAdoption } from "./adopt-roots.ts";
import type { ChoiceFacts, MediumChoice } from "./choose-from-medium.ts";
import { journalFile, journalSchema, noJournal } from "./journal.ts";
import { type MediumSource, type OpenSource, type SourcePorts, withMedium } from "./medium-source.ts";
import { type Outcome, outcome, reasonOf } from "./outcome.ts";
import { peekStateFile } from "./state-file.ts";
import { isAtRest } from "./states.ts";

/**
 * @param facts what the device is and knows
 * @throws CodedError when the medium cannot be used at all; the reason of the signal
 */
export async function planRun(
  ports: SourcePorts,
  medium: MediumSource | undefined,
  facts: ChoiceFacts,
): Promise<Outcome> {
  const file = peekStateFile(journalFile(ports.paths.stateDirectory), journalSchema);
  const journal = file.kind === "read" ? file.value : noJournal();
  if (!isAtRest(journal.state)) return outcome(journal, "waiting", "A run would first go on with this.");
  const idle = outcome(noJournal(), "nothing");
  if (medium === undefined) return idle;
  const { adopted, choice } = await withMedium(ports, medium, (opened) => planUse(ports, opened, facts));
  const planned = planChoice(idle, choice);
  return adopted === "" || choice.kind === "nothing"
    ? planned
    : { ...planned, message: `${adopted} ${planned.message}` };
}

async function planUse({ signal }: SourcePorts, { medium }: OpenSource, facts: ChoiceFacts) {
  const adoption = await planAdoption(medium, facts, signal);
  const adopted = describeAdoption(adoption, "dry-run");
  return { adopted, choice: await chooseUnder(medium, adoption, adopted, signal) };
}

function planChoice(idle: Outcome, choice: MediumChoice): Outcome {
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
