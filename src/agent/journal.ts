/**
 * The journal: the state of the current or last attempt, on disk before its effect begins.
 *
 *     <state directory>/journal.json        this document, replaced durably at each step
 *     <state directory>/release.dsse.json   the signed release of the attempt, kept so that the device can go on
 *                                           without the medium; believed only after it is verified again
 *
 * A sum type by state: each state carries exactly what it takes to go on from it after a power cut.
 */
import { z } from "zod";
import { type AbsPath, below } from "../path.ts";
import { healthReportSchema } from "./health-report.ts";
import { chosenReleaseSchema, reasonSchema, releaseFactsSchema, triedDeploymentSchema } from "./release-facts.ts";
import { peekStateFile, readStateFile, writeStateFile } from "./state-file.ts";
import type { AgentEvent, AgentState, TargetOf } from "./states.ts";

const base = {
  version: z.literal(1),
  /** Identifies the attempt in history and verdicts. */
  attempt: z.string().min(1),
  startedAtUtc: z.string(),
  updatedAtUtc: z.string(),
  /** The boot in which this was written; null when the machine does not tell. */
  bootId: z.string().nullable(),
  /** The directory of the medium; null for an attempt from what is kept on the device. */
  medium: z.string().nullable(),
};

/** A release as it was chosen, or what is known of one that was installed in another way; null for an unsigned image. */
const triedRelease = z.union([chosenReleaseSchema, releaseFactsSchema]).nullable();

export const journalSchema = z.discriminatedUnion("state", [
  z.object({ ...base, state: z.literal("idle") }),
  z.object({ ...base, state: z.enum(["detected", "mounted"]) }),
  z.object({
    ...base,
    state: z.enum(["verified", "storing", "stored"]),
    release: chosenReleaseSchema,
    /** How often it was staged anew because it never became bootable. */
    restages: z.int().nonnegative(),
  }),
  z.object({
    ...base,
    state: z.enum(["staged", "rebooting", "assessing"]),
    release: triedRelease,
    deployment: triedDeploymentSchema,
    restages: z.int().nonnegative(),
    /** Boots into another deployment although this one was next. */
    missedBoots: z.int().nonnegative(),
    /** The last report of its health; null while nothing is known. */
    health: healthReportSchema.nullable(),
  }),
  z.object({
    ...base,
    state: z.enum(["confirmed", "rolled-back", "unassessed", "refused", "failed"]),
    release: triedRelease,
    deployment: triedDeploymentSchema.nullable(),
    health: healthReportSchema.nullable(),
    reason: reasonSchema.nullable(),
    /** What was wrong with each release of the medium that could not be used. */
    refusals: z.array(reasonSchema),
    /** True when the device was asked to boot it: such an attempt counts against the release unless it was confirmed. */
    wasBootable: z.boolean(),
  }),
]);

export type Journal = Readonly<z.infer<typeof journalSchema>>;

/** The journal of one state (or of several that carry the same). */
export type JournalIn<State extends AgentState> = ShapeIn<Journal, State>;

type ShapeIn<Shape, State> = Shape extends { readonly state: infer Its }
  ? State extends Its
    ? Omit<Shape, "state"> & { readonly state: State }
    : never
  : never;

const ENDED = ["confirmed", "rolled-back", "unassessed", "refused", "failed"] as const satisfies readonly AgentState[];

export type EndedJournal = JournalIn<(typeof ENDED)[number]>;

/** Whether the attempt is over. */
export function isEnded(journal: Journal): journal is Journal & EndedJournal {
  return (ENDED as readonly AgentState[]).includes(journal.state);
}

/** What a step must say about the state that it enters; the rest is carried by the agent. */
export type FieldsOf<Event extends AgentEvent> = Omit<
  JournalIn<TargetOf<Event>>,
  "version" | "attempt" | "startedAtUtc" | "updatedAtUtc" | "bootId" | "state" | "medium"
>;

/** What the journal of a device says that has done nothing yet. */
export function noJournal(): Journal {
  const never = "1970-01-01T00:00:00.000Z";
  const times = { startedAtUtc: never, updatedAtUtc: never };
  return { version: 1, attempt: "none", ...times, bootId: null, medium: null, state: "idle" };
}

export function journalFile(stateDirectory: AbsPath): AbsPath {
  return below(stateDirectory, "journal.json");
}

/** @throws HostError; a damaged journal is set aside and counts as none */
export function readJournal(stateDirectory: AbsPath, onDamaged: (why: string) => void): Journal | undefined {
  return readStateFile(journalFile(stateDirectory), journalSchema, onDamaged);
}

/** Whether {@link readJournal} would set it aside. @throws HostError */
export function isJournalDamaged(stateDirectory: AbsPath): boolean {
  return peekStateFile(journalFile(stateDirectory), journalSchema).kind === "damaged";
}

/** @throws HostError */
export function writeJournal(stateDirectory: AbsPath, journal: Journal): void {
  writeStateFile(journalFile(stateDirectory), journalSchema.parse(journal)); // what could not be read is not written
}
