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
const MAX_ATTEMPTS = 32; // of one release; more than a few take a person who allows each

const triedSchema = z.object({
  id: z.string(),
  /** `other`: it ended in a way that says nothing against the release. */
  outcome: z.enum(["unhealthy", "unfinished", "other"]),
  /** A person allowed another try after it. */
  forgiven: z.boolean(),
});

const verdictSchema = z.object({
  name: z.string(),
  version: z.string(),
  sequence: z.int().nonnegative(),
  attempts: z.array(triedSchema),
  /** It is to be tried once more, by itself or because a person asked for it, without its medium. */
  retry: z.boolean(),
  atUtc: z.string(),
});

const verdictsSchema = z.object({
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

export interface EndedAttempt {
  readonly id: string;
  readonly outcome: Verdict["attempts"][number]["outcome"];
  /** Whether the device should try it again by itself, as far as it may. */
  readonly mayRetry: boolean;
  readonly atUtc: string;
}

/** The verdicts after an attempt at `release` has ended. Pure; doing it twice changes nothing. */
export function recordAttempt(verdicts: Verdicts, release: ReleaseFacts, attempt: EndedAttempt): Verdicts {
  const { name, version, sequence, payloadDigest } = release;
  const old = verdicts.releases[payloadDigest];
  if (old === undefined && attempt.outcome === "other") return verdicts;
  if (old?.attempts.some(({ id }) => id === attempt.id)) return verdicts;
  const { id, outcome, mayRetry, atUtc } = attempt;
  const attempts = [...(old?.attempts ?? []), { id, outcome, forgiven: false }].slice(-MAX_ATTEMPTS);
  const retry = mayRetry && evaluateAttempts(attempts) === "may-try";
  return withVerdict(verdicts, payloadDigest, { name, version, sequence, attempts, retry, atUtc });
}

function withVerdict(verdicts: Verdicts, payloadDigest: string, verdict: Verdict): Verdicts {
  const all = Object.entries({ ...verdicts.releases, [payloadDigest]: verdict });
  all.sort(([, a], [, b]) => (a.atUtc < b.atUtc ? 1 : -1));
  return { version: 1, releases: Object.fromEntries(all.slice(0, MAX_RELEASES)) };
}

/** Whether the device may try a release, as far as its own experience goes. */
export type Permission =
  | { readonly kind: "may-try"; readonly isRetryDue: boolean }
  | { readonly kind: "unhealthy" | "unfinished"; readonly attempts: number; readonly atUtc: string };

export function evaluatePermission(verdicts: Verdicts, payloadDigest: Digest): Permission {
  const verdict = verdicts.releases[payloadDigest];
  if (verdict === undefined) return { kind: "may-try", isRetryDue: false };
  const kind = evaluateAttempts(verdict.attempts);
  if (kind === "may-try") return { kind, isRetryDue: verdict.retry };
  return { kind, attempts: verdict.attempts.filter(isHeld).length, atUtc: verdict.atUtc };
}

function evaluateAttempts(attempts: Verdict["attempts"]): Permission["kind"] {
  const held = attempts.filter(isHeld);
  if (held.some(({ outcome }) => outcome === "unhealthy")) return "unhealthy";
  return held.length < MAX_UNFINISHED_ATTEMPTS ? "may-try" : "unfinished";
}

function isHeld({ outcome, forgiven }: Verdict["attempts"][number]): boolean {
  return outcome !== "other" && !forgiven;
}

/** Releases that something is held against, the last one first. */
export function heldReleases(verdicts: Verdicts): readonly (readonly [payloadDigest: string, verdict: Verdict])[] {
  const held = Object.entries(verdicts.releases).filter(([, { attempts }]) => attempts.some(isHeld));
  return held.sort(([, a], [, b]) => (a.atUtc < b.atUtc ? 1 : -1));
}

/** The verdicts after a person allowed another try: what happened before no longer counts. Pure. */
export function forgiveRelease(verdicts: Verdicts, payloadDigest: string): Verdicts {
  const old = verdicts.releases[payloadDigest];
  if (old === undefined) return verdicts;
  const attempts = old.attempts.map((attempt) => ({ ...attempt, forgiven: true }));
  return withVerdict(verdicts, payloadDigest, { ...old, attempts, retry: true });
}
