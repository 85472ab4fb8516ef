/**
 * What the agent is doing now, for people and panels: `<runtime directory>/status.json`, replaced as a whole.
 *
 * It is a picture and no memory: nothing is decided by it, and it is gone after a reboot.
 */
import { z } from "zod";
import { replaceFile } from "../host/durable-write.ts";
import { type AbsPath, below } from "../path.ts";
import { describeHealth } from "./health-report.ts";
import { type Journal, journalFile, journalSchema, noJournal } from "./journal.ts";
import { recentAttemptSchema, recentAttempts } from "./recent-attempts.ts";
import { describeRelease, reasonSchema } from "./release-facts.ts";
import { peekStateFile } from "./state-file.ts";
import { AGENT_STATES, isMediumNeeded } from "./states.ts";

const systemSchema = z.strictObject({ name: z.string(), version: z.string() }).nullable().default(null);

const progressSchema = z.strictObject({
  phase: z.enum(["checking", "reading", "deploying"]),
  /** The phase in words. */
  label: z.string(),
  doneBytes: z.number(),
  totalBytes: z.number(),
  /** From how fast it went of late; null while nobody can tell. */
  remainingSeconds: z.int().nonnegative().nullable(),
});

export const agentStatusSchema = z.strictObject({
  version: z.literal(1),
  state: z.enum(AGENT_STATES),
  updatedAtUtc: z.string(),
  /** One or two sentences for the person before the device. */
  message: z.string(),
  /** Whether the medium is still needed. */
  medium: z.enum(["none", "do-not-remove", "may-be-removed"]),
  /** What the attempt is about. */
  release: z.strictObject({ name: z.string(), version: z.string(), sequence: z.int() }).nullable(),
  /** The release that runs; null for an image without one, and where nobody knows. */
  running: systemSchema,
  /** The one that the device can go back to: where it came from. */
  previous: systemSchema,
  /** Of the work in hand, in bytes. */
  progress: progressSchema.nullable(),
  /** What a release that is ready waits for; `window` in UTC. */
  waits: z
    .strictObject({ for: z.enum(["person", "idle", "window", "trusted-clock"]), window: z.string().nullable() })
    .nullable()
    .default(null),
  /** The countdown to a restart, written anew each second. */
  restart: z
    .strictObject({ inSeconds: z.int().nonnegative(), intoVersion: z.string().nullable() })
    .nullable()
    .default(null),
  /** What was wrong, or why there is nothing to do: one sentence for technicians. */
  why: z.string().nullable().default(null),
  /** Why it was refused or failed. */
  code: z.string().nullable(),
  /** What to do about it. */
  remedy: z.string().nullable(),
  /** What was wrong with each release of the medium that could not be used. */
  refusals: z.array(reasonSchema),
  /** The last attempts that have ended, the newest first. */
  recent: z.array(recentAttemptSchema).default([]),
});

export type AgentStatus = Readonly<z.infer<typeof agentStatusSchema>>;

/** How far a piece of work is. */
export type WorkProgress = Omit<NonNullable<AgentStatus["progress"]>, "remainingSeconds">;

export function statusFile(runtimeDirectory: AbsPath): AbsPath {
  return below(runtimeDirectory, "status.json");
}

/** @throws HostError */
export function writeStatus(runtimeDirectory: AbsPath, status: AgentStatus): void {
  replaceFile(statusFile(runtimeDirectory), `${JSON.stringify(status)}\n`);
}

/** The picture that is there; undefined for none, and for a damaged one. @throws HostError */
export function peekStatus(runtimeDirectory: AbsPath): AgentStatus | undefined {
  const status = peekStateFile(statusFile(runtimeDirectory), agentStatusSchema);
  return status.kind === "read" ? status.value : undefined;
}

/**
 * What the agent of a device is doing or did last. After a reboot, when the picture is gone, the journal tells.
 * @throws HostError
 */
export function readStatus(stateDirectory: AbsPath, runtimeDirectory: AbsPath): AgentStatus {
  const journal = peekStateFile(journalFile(stateDirectory), journalSchema);
  const status = peekStatus(runtimeDirectory);
  const fromJournal = describeJournal(journal.kind === "read" ? journal.value : noJournal());
  // A run that was killed between the two leaves a picture of the state before.
  if (status !== undefined && status.state === fromJournal.state) return status;
  return { ...fromJournal, recent: recentAttempts(stateDirectory) };
}

/** What a journal says, in words for people. `note` is added: what the agent waits for. */
export function describeJournal(journal: Journal, note?: string): AgentStatus {
  const release = "release" in journal ? journal.release : null;
  const reason = "reason" in journal ? journal.reason : null;
  const health = "health" in journal ? journal.health : null;
  const sentences = journal.state === "idle" ? [note ?? messageOf(journal)] : [messageOf(journal), note ?? ""];
  return {
    version: 1,
    state: journal.state,
    updatedAtUtc: journal.updatedAtUtc,
    message: sentences.join(" ").trim(),
    medium: journal.medium === null ? "none" : isMediumNeeded(journal.state) ? "do-not-remove" : "may-be-removed",
    release: release === null ? null : { name: release.name, version: release.version, sequence: release.sequence },
    ...{ running: null, previous: null, progress: null, waits: null, restart: null, recent: [] },
    why: reason?.message ?? (health?.healthy === false ? describeHealth(health) : null),
    code: reason?.code ?? null,
    remedy: reason?.remedy ?? null,
    refusals: "refusals" in journal ? journal.refusals : [],
  };
}

function messageOf(journal: Journal): string {
  const what = "release" in journal && journal.release !== null ? describeRelease(journal.release) : "the new system";
  const isGone = "reason" in journal && journal.reason?.code === "MEDIA_REMOVED";
  const canRemove = journal.medium === null || isGone ? "" : " You can remove the medium.";
  switch (journal.state) {
    case "idle":
      return "Nothing to do.";
    case "detected":
      return "Opening the medium. Do not remove it.";
    case "mounted":
      return "Checking what is on the medium. Do not remove it.";
    case "verified":
    case "storing":
      return journal.medium === null
        ? `Checking ${what} on this device.`
        : `Reading ${what}. Do not remove the medium.`;
    case "stored":
      return `Preparing ${what}.${canRemove}`;
    case "staged":
      return `${what} is ready and starts at the next reboot.${canRemove}`;
    case "rebooting":
      return journal.health?.healthy === false
        ? `${what} is not well: ${describeHealth(journal.health)}. Rebooting.`
        : `Rebooting into ${what}.${canRemove}`;
    case "assessing":
      return journal.health?.healthy === false
        ? `${what} is not well: ${describeHealth(journal.health)}.`
        : `Checking that ${what} is well.`;
    case "confirmed":
      return `${what} runs and is confirmed.`;
    case "rolled-back":
      return `${what} was not well; the device went back to the system before.`;
    case "unassessed":
      return `${what} did not stay up long enough to be checked; the device runs the system before.`;
    case "refused":
    case "failed":
      return `${journal.reason?.message ?? "the update did not work"}. The running system is unchanged.${canRemove}`;
  }
}
