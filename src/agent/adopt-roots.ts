/**
 * The roots that a medium carries, adopted before its releases are looked at: a revocation counts for what lies beside it.
 *
 * What follows from the root that is trusted, step by step, is adopted in one durable write together with what it does to
 * the floors; cut before that, nothing has happened, and the medium brings it again. Everything else on the medium changes
 * nothing: old roots, roots of somebody else, and roots that were never signed as they should be.
 */

import type { MountedMedium } from "../bundle/medium.ts";
import { listRoots } from "../bundle/read-root.ts";
import type { DevicePaths } from "../config/device-paths.ts";
import { CodedError } from "../error.ts";
import type { TrustedRoot } from "../trust/root.ts";
import { extendRoot, newestOf, verifySuccessor } from "../trust/root-chain.ts";
import { writeTrustCopies } from "../trust/state-copies.ts";
import { type ChoiceFacts, chooseFromMedium, type MediumChoice } from "./choose-from-medium.ts";
import { rememberRoot } from "./remember-root.ts";
import type { Session } from "./session.ts";
import { trustStateFiles } from "./trust-memory.ts";
import type { RootChain } from "./trust-root.ts";

export interface RootAdoption {
  /** Those that the medium leads to, ascending; none when it brings nothing new. */
  readonly steps: readonly TrustedRoot[];
  /** What holds afterwards: the releases of the medium are chosen by it. */
  readonly facts: ChoiceFacts;
  readonly isRecovery: boolean;
  /** Whether there are any on the medium, whoever made them. */
  readonly carriesRoots: boolean;
  /** What is wrong with roots of the medium that are newer than what is trusted, or that cannot be read. */
  readonly problems: readonly CodedError[];
}

/**
 * What the roots of the medium come to for this device. Writes nothing.
 * @throws BundleError BUNDLE_INDEX_TOO_LONG; OciError for an index that cannot be read at all; the reason of the signal
 */
export async function planAdoption(
  medium: MountedMedium,
  facts: ChoiceFacts,
  signal?: AbortSignal,
): Promise<RootAdoption> {
  const { roots, passedOver, problems } = await listRoots(medium, { aboveVersion: facts.root.version, signal });
  const carried = roots.map(({ root }) => root);
  const steps = extendRoot(facts.root, carried);
  const chain: RootChain = [facts.root, ...steps];
  const { state, isRecovery } = rememberRoot(facts.trustState, chain, facts.presentPayloads ?? []);
  const misfit = misfitOf(newestOf(chain), carried);
  return {
    ...{ steps, isRecovery, carriesRoots: carried.length + passedOver.length > 0 },
    facts: steps.length === 0 ? facts : { ...facts, root: newestOf(chain), trustState: state },
    problems: [...(misfit === undefined ? [] : [misfit]), ...problems.map(({ error }) => error)],
  };
}

/** Why the medium leads no further, when it carries a root that is newer still. */
function misfitOf(trusted: TrustedRoot, carried: readonly TrustedRoot[]): CodedError | undefined {
  const newer = carried.filter(({ version }) => version > trusted.version);
  const [next] = newer.toSorted((a, b) => a.version - b.version);
  if (next === undefined) return undefined;
  try {
    verifySuccessor(trusted, next);
    return undefined;
  } catch (error) {
    if (error instanceof CodedError) return error;
    throw error;
  }
}

/**
 * Writes what was planned, in one durable write; nothing when there is nothing to adopt. The caller holds the device's lock.
 * @throws HostError
 */
export function adoptRoots(
  { paths, note }: { readonly paths: DevicePaths; readonly note: Session["note"] },
  adoption: RootAdoption,
): void {
  if (adoption.steps.length === 0) return;
  const versions = adoption.steps.map(({ version, digest }) => `${version} (${digest})`).join(", ");
  const floors = adoption.isRecovery ? "; its release keys are new, and the floors start anew" : "";
  note("trust", `root version ${versions} from the medium${floors}`); // first: told twice after a cut, and never not at all
  writeTrustCopies(trustStateFiles(paths), adoption.facts.trustState);
}

/**
 * What the medium holds for a device that trusts its roots. A medium with roots alone is no refusal.
 * @param adopted what {@link describeAdoption} says
 * @throws as `chooseFromMedium`
 */
export async function chooseUnder(
  medium: MountedMedium,
  adoption: RootAdoption,
  adopted: string,
  signal?: AbortSignal,
): Promise<MediumChoice> {
  const choice = await chooseFromMedium(medium, adoption.facts, signal);
  const { problems, steps, carriesRoots } = adoption;
  const refusals = [...choice.refusals, ...problems];
  const isWithoutRelease = choice.kind === "refused" && choice.error.code === "BUNDLE_NO_RELEASE";
  if (isWithoutRelease && (carriesRoots || problems.length > 0)) {
    const [problem] = problems;
    const said = { hasVerified: false, refusals: problems };
    if (steps.length === 0 && problem !== undefined) return { kind: "refused", error: problem, ...said };
    return { kind: "nothing", message: steps.length === 0 ? describeKnown(adoption) : adopted, ...said };
  }
  if (choice.kind !== "nothing" || steps.length === 0) return { ...choice, refusals };
  return { ...choice, message: `${adopted} ${choice.message}`, refusals };
}

function describeKnown({ facts: { root } }: RootAdoption): string {
  return `This device trusts root version ${root.version} already; the medium carries no newer one.`;
}

/** Words for people on what was adopted, or would be; empty when nothing is. */
export function describeAdoption({ steps, facts, isRecovery }: RootAdoption, mode: "run" | "dry-run"): string {
  if (steps.length === 0) return "";
  const { version } = facts.root;
  const trusts =
    mode === "run" ? `This device trusts root version ${version} now.` : `A run would trust root version ${version}.`;
  const anew = "Nothing that was signed before it counts any more.";
  return isRecovery ? `${trusts} ${anew}` : trusts;
}
