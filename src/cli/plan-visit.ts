/**
 * What each device of a ledger would do with a medium, answered at the workstation by the very decisions that the device's
 * agent makes: a receipt says what the device is and remembers, and the agent's own dry run does the rest.
 *
 * The answer is as good as the receipt is fresh. What only the device can find out (free space, a bad sector) is left out.
 */
import { chooseUnder, describeAdoption, planAdoption } from "../agent/adopt-roots.ts";
import type { ChoiceFacts, MediumChoice } from "../agent/choose-from-medium.ts";
import { requireTree } from "../agent/required-tree.ts";
import { NO_VERDICTS, type Verdicts } from "../agent/verdicts.ts";
import type { MountedMedium } from "../bundle/medium.ts";
import { CodedError } from "../error.ts";
import type { Digest } from "../oci/digest.ts";
import type { Receipt } from "../receipt/receipt.ts";
import { formatEnvelope } from "../trust/dsse.ts";
import type { TrustedRoot } from "../trust/root.ts";
import { INITIAL_TRUST_STATE, type TrustState } from "../trust/state.ts";
import { evaluateDelta, type FindTree } from "./delta-suits.ts";

type InstallChoice = MediumChoice & { readonly kind: "install" };

export type PlannedAnswer =
  | {
      readonly kind: "install";
      readonly release: {
        readonly name: string;
        readonly version: string;
        readonly sequence: number;
        readonly payloadDigest: Digest;
      };
      /** What it would say of its trust before that; empty when it would adopt no root. */
      readonly message: string;
    }
  | { readonly kind: "nothing"; readonly message: string }
  | { readonly kind: "refuse"; readonly error: CodedError }
  /** The receipt or the given root does not say enough. */
  | { readonly kind: "unknown"; readonly message: string };

export interface PlanContext {
  readonly medium: MountedMedium;
  /** Those that the workstation knows, and those that the medium carries: the device's own is among them. */
  readonly roots: readonly TrustedRoot[];
  /** The one release that is asked about; undefined for whatever the medium holds. */
  readonly onlyPayload: Digest | undefined;
  /** Of releases that devices may hold. */
  readonly findTree: FindTree;
  /** When the visit is to be. */
  readonly visitUtc: Date;
  readonly signal: AbortSignal;
}

/** @param receipt the newest one of the device @throws BundleError, OciError for a medium that cannot be read at all */
export async function planDevice(receipt: Receipt, context: PlanContext): Promise<PlannedAnswer> {
  const root = context.roots.find(({ digest }) => digest === receipt.root?.digest);
  if (root === undefined) return { kind: "unknown", message: describeUnknownRoot(receipt) };
  const { medium, signal } = context;
  const adoption = await planAdoption(medium, factsOf(receipt, root, context), signal);
  const adopted = describeAdoption(adoption, "dry-run");
  const choice = await chooseUnder(medium, adoption, adopted, signal);
  switch (choice.kind) {
    case "nothing":
      return { kind: "nothing", message: choice.message };
    case "refused":
      return { kind: "refuse", error: choice.error };
    case "install": {
      const { statement, payloadDigest } = choice.release;
      const lacking = lacksTree(receipt, choice);
      if (lacking !== undefined) return { kind: "refuse", error: lacking };
      const delta = await evaluateDelta(receipt, statement, choice.target, context);
      if (delta.kind !== "suits") return delta;
      const { name, version, sequence } = statement;
      return { kind: "install", release: { name, version, sequence, payloadDigest }, message: adopted };
    }
  }
}

function describeUnknownRoot({ root }: Receipt): string {
  if (root === null) return "it trusts no root yet";
  return `it trusts root version ${root.version} (${root.digest.slice(0, 19)}), which --root does not hold; give the whole chain`;
}

function factsOf(receipt: Receipt, root: TrustedRoot, { onlyPayload, visitUtc }: PlanContext): ChoiceFacts {
  const { device, agentVersion, follows, held, running, isClockTrusted } = receipt;
  const here = [...held, ...(running.release === null ? [] : [running.release])].map((it) => it.payloadDigest);
  const { name, compatible, architecture } = device;
  return {
    root,
    device: { compatible, architecture, deviceId: name ?? undefined, agentVersion },
    followName: follows,
    trustState: trustStateOf(receipt, root),
    verdicts: verdictsOf(receipt),
    synchronisedNowUtc: isClockTrusted ? visitUtc : undefined,
    deployedPayloads: new Set(here),
    presentPayloads: [...new Set(here)],
    ...(onlyPayload === undefined ? {} : { onlyPayload }),
  };
}

function trustStateOf({ floors, follows, running }: Receipt, root: TrustedRoot): TrustState {
  const { sequence, payloadDigest, timeUtc } = floors;
  const { version, digest, envelope } = root;
  return {
    ...INITIAL_TRUST_STATE,
    root: { version, digest, envelope: formatEnvelope(envelope).toString("utf8") },
    floors: sequence === null || payloadDigest === null ? {} : { [follows]: { sequence, payloadDigest } },
    timeFloorUtc: timeUtc,
    followedName: running.release?.name ?? null,
  };
}

/** How often it was tried does not matter once it is not tried any more. */
function verdictsOf({ refusedReleases, atUtc }: Receipt): Verdicts {
  const attempts = [{ id: "receipt", outcome: "unhealthy" as const, forgiven: false }];
  const verdict = { name: "", version: "", sequence: 0, attempts, retry: false, atUtc };
  return { ...NO_VERDICTS, releases: Object.fromEntries(refusedReleases.map((digest) => [digest, verdict])) };
}

function lacksTree(
  { device }: Receipt,
  { release, target }: Pick<InstallChoice, "release" | "target">,
): CodedError | undefined {
  try {
    requireTree({ needsTree: device.backend === "native" }, release.statement, target);
    return undefined;
  } catch (error) {
    if (error instanceof CodedError) return error;
    throw error;
  }
}
