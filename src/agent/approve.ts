/** A person allows a release that did not work out on this device another try. */
import type { Clock } from "../host/clock.ts";
import type { AbsPath } from "../path.ts";
import { AgentError } from "./error.ts";
import { appendHistory } from "./history.ts";
import { describeRelease } from "./release-facts.ts";
import { forgiveRelease, heldReleases, readVerdicts, type Verdict, writeVerdicts } from "./verdicts.ts";

export interface Approval {
  readonly name: string;
  readonly version: string;
  readonly sequence: number;
  readonly payloadDigest: string;
}

/**
 * Forgets what speaks against a release. The caller holds the agent's lock.
 * @param query its version or payload digest; the last one that was tried unless given
 * @throws AgentError AGENT_APPROVE_UNKNOWN; HostError
 */
export function approveRelease(stateDirectory: AbsPath, query: string | undefined, clock: Clock): Approval {
  const atUtc = clock.nowUtc().toISOString();
  const note = (about: "damaged-file" | "approval", message: string) =>
    appendHistory(stateDirectory, { version: 1, kind: "note", atUtc, about, message });
  const verdicts = readVerdicts(stateDirectory, (why) => note("damaged-file", why));
  const [payloadDigest, verdict] = findVerdict(heldReleases(verdicts), query);
  note("approval", `${describeRelease(verdict)} may be tried again`);
  writeVerdicts(stateDirectory, forgiveRelease(verdicts, payloadDigest));
  const { name, version, sequence } = verdict;
  return { name, version, sequence, payloadDigest };
}

function findVerdict(held: readonly (readonly [string, Verdict])[], query: string | undefined) {
  const fits = ([digest, { version }]: readonly [string, Verdict]) =>
    query === undefined || version === query || digest === query || `sha256:${query}` === digest;
  const found = held.find(fits);
  if (found !== undefined) return found;
  const known = held.map(([, verdict]) => describeRelease(verdict)).join(", ") || "none";
  const what = query === undefined ? "no release failed on this device" : `${query} did not fail on this device`;
  throw new AgentError("AGENT_APPROVE_UNKNOWN", `${what}; failed releases: ${known}`);
}
