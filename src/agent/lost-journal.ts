/**
 * What a journal that cannot be read would have told: written by a newer bootferry in a way that this one does not
 * know, or damaged. The deployments still tell which release used up its tries; taken for nothing, such a release would
 * be installed again from the stick that is still in, fall back again, and so on for ever.
 */
import type { BootFacts, DeploymentFacts } from "../deploy/port.ts";
import { describeRelease } from "./release-facts.ts";
import { recordAttempt, type Verdicts } from "./verdicts.ts";

/** Counts each deployment that fell back as an attempt that did not end. Pure; doing it twice changes nothing. */
export function holdUnexplained(
  verdicts: Verdicts,
  { deployments }: BootFacts,
  atUtc: string,
): { readonly verdicts: Verdicts; readonly notes: readonly string[] } {
  let held = verdicts;
  const notes: string[] = [];
  for (const { id, state, release, payloadDigest } of deployments.filter(isFallen)) {
    if (release === null || payloadDigest === null) continue;
    const attempt = { id: `deployment ${id}`, outcome: "unfinished", mayRetry: false, atUtc } as const;
    const next = recordAttempt(held, { ...release, payloadDigest, createdAtUtc: null }, attempt);
    if (next === held) continue;
    held = next;
    notes.push(`${describeRelease(release)} is ${state} in the boot order, and why is not known: it counts as one try`);
  }
  return { verdicts: held, notes };
}

function isFallen({ state, isBooted }: DeploymentFacts): boolean {
  return state === "bad" && !isBooted;
}
