/** What a run would do with a medium, found out without writing anything: for the person who plans the visit. */
import { CodedError } from "../error.ts";
import { chooseUnder, describeAdoption, planAdoption } from "./adopt-roots.ts";
import type { ChoiceFacts, MediumChoice } from "./choose-from-medium.ts";
import { journalFile, journalSchema, noJournal } from "./journal.ts";
import { type MediumSource, type OpenSource, type SourcePorts, withMedium } from "./medium-source.ts";
import { type Outcome, outcome, reasonOf } from "./outcome.ts";
import type { AgentPorts } from "./session.ts";
import { peekStateFile } from "./state-file.ts";
import { isAtRest } from "./states.ts";

/**
 * @param facts what the device is and knows
 * @throws CodedError when the medium cannot be used at all; the reason of the signal
 */
export async function planRun(
  ports: SourcePorts & Pick<AgentPorts, "backend">,
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

async function planUse(
  { signal, backend }: Pick<AgentPorts, "signal" | "backend">,
  { medium }: OpenSource,
  facts: ChoiceFacts,
) {
  const adoption = await planAdoption(medium, facts, signal);
  const adopted = describeAdoption(adoption, "dry-run");
  const choice = await chooseUnder(medium, adoption, adopted, signal);
  if (choice.kind !== "install") return { adopted, choice };
  const error = await supplyError(() => backend.checkSupply(medium.layout, choice.release, choice.target, signal));
  const { refusals, hasVerified } = choice;
  return { adopted, choice: error === undefined ? choice : { kind: "refused" as const, error, refusals, hasVerified } };
}

/** A release that fits and is not all there, such as a delta whose base this device lacks, is refused as well. */
async function supplyError(check: () => Promise<void>): Promise<CodedError | undefined> {
  try {
    await check();
    return undefined;
  } catch (error) {
    if (error instanceof CodedError) return error;
    throw error;
  }
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
