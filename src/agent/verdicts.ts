/**
 * What this device found out about releases that it tried and did not keep: which of them may be tried again.
 *
 *     <state directory>/verdicts.json
 *
 * A release whose health failed is not tried again unless a person asks for it; one that fell back before its health
 * was known (someone cycled the power) or that never came up is, {@link MAX_UNFINISHED_ATTEMPTS} times in all. Attempts
 * are kept by their ids and not counted, so that recording one twice after a power cut changes nothing.
 */
import { z } from "zod";
import { DIGEST_PATTERN, type Digest } from "../oci/digest.ts";
import { type AbsPath, below } from "../path.ts";
import type { ReleaseFacts } from "./release-facts.ts";
import { peekStateFile, readStateFile, writeStateFile } from "./state-file.ts";

/** The first attempt and two more. */
export const MAX_UNFINISHED_ATTEMPTS = 3;
const MAX_RELEASES = 64; // a device tries one a week at most; the oldest verdicts are forgotten

const verdictSchema = z.strictObject({
  name: z.string(),
  version: z.string(),
  sequence: z.int().nonnegative(),
  /** The attempts in which its health failed. */
  unhealthy: z.array(z.string()),
  /** The attempts that ended before its health was known. */
  unfinished: z.array(z.string()),
  /** The attempts that a person has forgiven; kept, so that the end of one is not recorded again. */
  forgiven: z.array(z.string()),
  atUtc: z.string(),
});

const verdictsSchema = z.strictObject({
  version: z.literal(1),
  /** By payload digest. */
  releases: z.record(z.string().regex(DIGEST_PATTERN), verdictSchema),
});

export type Verdict = Readonly<z.infer<typeof verdictSchema>>;
export type Verdicts = Readonly<z.infer<typeof verdictsSchema>>;

export const NO_VERDICTS: Verdicts = { version: 1, releases: {} };

export function verdictsFile(stateDirectory: AbsPath): AbsPath {
  return below(stateDirectory, "verdicts.json");
}

/** @throws HostError; a damaged file is set aside: at worst a sick release is tried once more and falls back again */
export function readVerdicts(stateDirectory: AbsPath, onDamaged: (why: string) => void): Verdicts {
  return readStateFile(verdictsFile(stateDirectory), verdictsSchema, onDamaged) ?? NO_VERDICTS;
}

/** The verdicts, without setting a damaged file aside. @throws HostError */
export function peekVerdicts(stateDirectory: AbsPath): Verdicts {
  const file = peekStateFile(verdictsFile(stateDirectory), verdictsSchema);
  return file.kind === "read" ? file.value : NO_VERDICTS;
}

/** @throws HostError */
export function writeVerdicts(stateDirectory: AbsPath, verdicts: Verdicts): void {
  writeStateFile(verdictsFile(stateDirectory), verdicts);
}

/** The verdicts after `attempt` at `release` ended without being confirmed. Pure; doing it twice changes nothing. */
export function recordAttempt(
  verdicts: Verdicts,
  release: ReleaseFacts,
  attempt: { readonly id: string; readonly outcome: "unhealthy" | "unfinished"; readonly atUtc: string },
): Verdicts {
  const { name, version, sequence, payloadDigest } = release;
  const none = { name, version, sequence, unhealthy: [], unfinished: [], forgiven: [], atUtc: "" };
  const old: Verdict = verdicts.releases[payloadDigest] ?? none;
  if ([old.unhealthy, old.unfinished, old.forgiven].some((ids) => ids.includes(attempt.id))) return verdicts;
  const changed: Verdict = { ...old, [attempt.outcome]: [...old[attempt.outcome], attempt.id], atUtc: attempt.atUtc };
  const all = Object.entries({ ...verdicts.releases, [payloadDigest]: changed });
  all.sort(([, a], [, b]) => (a.atUtc < b.atUtc ? 1 : -1));
  return { version: 1, releases: Object.fromEntries(all.slice(0, MAX_RELEASES)) };
}

/** Whether the device may try a release, as far as its own experience goes. */
export type Permission =
  | { readonly kind: "may-try" }
  | { readonly kind: "unhealthy"; readonly atUtc: string }
  | { readonly kind: "unfinished"; readonly attempts: number; readonly atUtc: string };

export function evaluatePermission(verdicts: Verdicts, payloadDigest: Digest): Permission {
  const verdict = verdicts.releases[payloadDigest];
  if (verdict === undefined) return { kind: "may-try" };
  if (verdict.unhealthy.length > 0) return { kind: "unhealthy", atUtc: verdict.atUtc };
  const attempts = verdict.unfinished.length;
  if (attempts < MAX_UNFINISHED_ATTEMPTS) return { kind: "may-try" };
  return { kind: "unfinished", attempts, atUtc: verdict.atUtc };
}

/** The verdicts after a person allowed another try: what happened before no longer counts. Pure. */
export function forgiveRelease(verdicts: Verdicts, payloadDigest: string): Verdicts {
  const old = verdicts.releases[payloadDigest];
  if (old === undefined) return verdicts;
  const forgiven = [...old.forgiven, ...old.unhealthy, ...old.unfinished];
  const changed: Verdict = { ...old, unhealthy: [], unfinished: [], forgiven };
  return { version: 1, releases: { ...verdicts.releases, [payloadDigest]: changed } };
}
