/**
 * What the agent did, one JSON object a line, oldest first; appended durably and turned over by size.
 *
 *     <state directory>/history.jsonl     being written
 *     <state directory>/history.jsonl.1   the one before
 *
 * A line that a power cut tore is passed over by the reader and closed by the next writer.
 */
import { readFileSync, renameSync, statSync } from "node:fs";
import { z } from "zod";
import { errnoOf } from "../error.ts";
import { appendLineDurably, syncDirectory } from "../host/durable-write.ts";
import { hostError } from "../host/error.ts";
import { type AbsPath, below } from "../path.ts";
import { healthReportSchema } from "./health-report.ts";
import { reasonSchema, releaseFactsSchema } from "./release-facts.ts";

const attemptSchema = z.object({
  version: z.literal(1),
  kind: z.literal("attempt"),
  atUtc: z.string(),
  attempt: z.string(),
  startedAtUtc: z.string(),
  /** How it ended. */
  state: z.enum(["confirmed", "rolled-back", "unassessed", "refused", "failed"]),
  medium: z.string().nullable(),
  release: releaseFactsSchema.omit({ createdAtUtc: true }).nullable(),
  deployment: z.string().nullable(),
  health: healthReportSchema.nullable(),
  reason: reasonSchema.nullable(),
  refusals: z.array(reasonSchema),
});

const noteSchema = z.object({
  version: z.literal(1),
  kind: z.literal("note"),
  atUtc: z.string(),
  about: z.enum([
    "damaged-file",
    "hook",
    "approval",
    "etc-merge",
    "garbage-collection",
    "unstaging",
    "trust",
    "receipt",
  ]),
  message: z.string(),
});

const historyRecordSchema = z.discriminatedUnion("kind", [attemptSchema, noteSchema]);

export type AttemptRecord = Readonly<z.infer<typeof attemptSchema>>;
export type HistoryNote = Readonly<z.infer<typeof noteSchema>>;
export type HistoryRecord = AttemptRecord | HistoryNote;

/** Some 200 attempts with their health reports; two files of it are kept. */
export const MAX_HISTORY_BYTES = 512 << 10;

export function historyFile(stateDirectory: AbsPath): AbsPath {
  return below(stateDirectory, "history.jsonl");
}

/** Adds a record, durably. @throws HostError */
export function appendHistory(stateDirectory: AbsPath, record: HistoryRecord): void {
  const file = historyFile(stateDirectory);
  turnOver(file);
  appendLineDurably(file, JSON.stringify(record));
}

function turnOver(file: AbsPath): void {
  try {
    const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
    if (size < MAX_HISTORY_BYTES) return;
    renameSync(file, `${file}.1`);
    syncDirectory(below(file, ".."));
  } catch (error) {
    throw hostError(error, `turning over ${file}`);
  }
}

export interface History {
  /** Oldest first. */
  readonly records: readonly HistoryRecord[];
  /** Lines that a power cut tore, or that another version wrote. */
  readonly unreadableLines: number;
}

/** All that is kept. @throws HostError */
export function readHistory(stateDirectory: AbsPath): History {
  const file = historyFile(stateDirectory);
  const lines = [`${file}.1`, file].flatMap((path) => readIfThere(path).split("\n")).filter((line) => line !== "");
  const records = lines.flatMap((line) => parseRecord(line) ?? []);
  return { records, unreadableLines: lines.length - records.length };
}

function parseRecord(line: string): HistoryRecord | undefined {
  try {
    return historyRecordSchema.safeParse(JSON.parse(line)).data;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined; // torn by a power cut
    throw error;
  }
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return "";
    throw hostError(error, `reading ${path}`);
  }
}
