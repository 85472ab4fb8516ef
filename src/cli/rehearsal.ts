/** What `--dry-run` of `release create` and `media write` says: what would be made, whether it fits, and who would sign. */
import type { CodedError } from "../error.ts";
import { ReleaseError } from "../release/error.ts";
import type { RehearsalPlace } from "../release/rehearsal-place.ts";
import { type RehearsedRelease, rehearseAt } from "../release/rehearse-release.ts";
import type { HomelessDraft } from "../release/release-draft.ts";
import { missingSignatures, verifySignerRoles } from "../release/signer-roles.ts";
import type { TrustedRoot } from "../trust/root.ts";
import type { CliContext } from "./context.ts";
import { formatBytes } from "./format-units.ts";
import { type IntendedSigner, intendedSigners } from "./intended-signers.ts";
import type { SigningOptions } from "./options.ts";
import type { Output } from "./output.ts";
import { describeStatement } from "./release-facts.ts";
import { releasePorts } from "./release-ports.ts";

export interface Rehearsal {
  /** For --json. */
  readonly facts: Readonly<Record<string, unknown>>;
  /** For people. */
  readonly lines: readonly string[];
  /** What would keep the real command from going through, the first first. */
  readonly problems: readonly CodedError[];
}

/** Reads and merges all images. @throws as `rehearseAt`; TrustError, HostError for keys that cannot be read */
export async function rehearse(
  context: CliContext,
  output: Output,
  place: RehearsalPlace,
  draft: HomelessDraft,
  options: SigningOptions,
): Promise<Rehearsal> {
  const signers = intendedSigners(context, options); // what is wrong with keys shows before gigabytes are read
  const rehearsed = await rehearseAt(place, draft, releasePorts(context, output));
  for (const warning of rehearsed.warnings) output.warn(warning);
  const { statement, payloadDigest, warnings, parts, tags, totalBytes, presentBytes, leftOutBytes, room } = rehearsed;
  const problems = [place.problem, room.problem, strangerProblem(signers, draft.root)].filter(
    (problem) => problem !== undefined,
  );
  const { freeBytes, kind } = place.room;
  return {
    facts: {
      ...{ dryRun: true, statement, payloadDigest, parts, tags, warnings, signers },
      missingSignatures: stillMissing(signers, draft.root),
      room: {
        totalBytes,
        presentBytes,
        leftOutBytes,
        neededBytes: room.neededBytes,
        freeBytes: freeBytes ?? null,
        filesystem: kind,
      },
      fits: room.problem === undefined,
      problems: problems.map(({ code, message, remedy }) => ({ code, message, remedy })),
    },
    lines: [
      ...describeStatement(statement),
      `payload   ${payloadDigest}`,
      ...parts.map(({ kind: what, tag, sizeBytes }) => `${what.padEnd(10)}${formatBytes(sizeBytes)}  ${tag}`),
      ...tags.map((tag) => `tag       ${tag}`),
      ...describeRoom(place, rehearsed),
      ...describeSigners(signers, draft.root),
    ],
    problems,
  };
}

function describeRoom(
  place: RehearsalPlace,
  { totalBytes, presentBytes, leftOutBytes, room }: RehearsedRelease,
): readonly string[] {
  const leftOut =
    leftOutBytes === 0
      ? []
      : [
          `left out  ${formatBytes(leftOutBytes)}, for packs of what is new: how large they are shows when they are made`,
        ];
  const present = presentBytes === 0 ? "" : `, ${formatBytes(presentBytes)} of it is there already`;
  const { freeBytes } = place.room;
  const free = freeBytes === undefined ? "how much is free is not known" : `${formatBytes(freeBytes)} free`;
  const verdict = freeBytes === undefined ? "" : room.problem === undefined ? ": it fits" : ": it does not fit";
  return [
    `contents  ${formatBytes(totalBytes)}${present}`,
    ...leftOut,
    `room      ${formatBytes(room.neededBytes)} needed on ${place.name}, ${free}${verdict}`,
  ];
}

function describeSigners(signers: readonly IntendedSigner[], root: TrustedRoot | undefined): readonly string[] {
  if (signers.length === 0) return ["sign      nobody: neither --key nor --signer was given"];
  const lines = signers.map(({ source, keyId, needsPassphrase }) => {
    const key = keyId ?? "key id not known: its public half is not beside it";
    return `sign      ${source} (${key}${needsPassphrase ? ", would ask for its passphrase" : ""})`;
  });
  const missing = stillMissing(signers, root) ?? [];
  return [...lines, ...missing.map(({ role, count }) => `wanted    ${count} more signature(s) of role ${role}`)];
}

/** Null when it cannot be told: without a root, or with a key of which nobody knows whose it is. */
function stillMissing(signers: readonly IntendedSigner[], root: TrustedRoot | undefined) {
  if (root === undefined || signers.some(({ keyId }) => keyId === null)) return null;
  return missingSignatures(knownIds(signers), root);
}

function strangerProblem(signers: readonly IntendedSigner[], root: TrustedRoot | undefined): CodedError | undefined {
  if (root === undefined) return undefined;
  try {
    verifySignerRoles(knownIds(signers), root);
    return undefined;
  } catch (error) {
    if (error instanceof ReleaseError) return error;
    throw error;
  }
}

function knownIds(signers: readonly IntendedSigner[]) {
  return signers.flatMap(({ keyId }) => (keyId === null ? [] : [keyId]));
}
