/** What the agent did, one JSON object a line: `<state directory>/history.jsonl` (host/line-log.ts). */
import { z } from "zod";
import { appendToLineLog, readLineLog } from "../host/line-log.ts";
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
  appendToLineLog(historyFile(stateDirectory), JSON.stringify(record), MAX_HISTORY_BYTES);
}

export interface History {
  /** Oldest first. */
  readonly records: readonly HistoryRecord[];
  /** Lines that a power cut tore, or that another version wrote. */
  readonly unreadableLines: number;
}

/** All that is kept. @throws HostError */
export function readHistory(stateDirectory: AbsPath): History {
  const lines = readLineLog(historyFile(stateDirectory));
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
