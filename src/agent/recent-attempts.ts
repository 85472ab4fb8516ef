/** The last attempts of a device in the few words that screens have room for, from its history. */
import { z } from "zod";
import { HostError } from "../host/error.ts";
import type { AbsPath } from "../path.ts";
import { type AttemptRecord, readHistory } from "./history.ts";

const MAX_RECENT = 8; // a screen shows no more; `bootferry agent history` has all

export const recentAttemptSchema = z.strictObject({
  /** When it ended. */
  atUtc: z.string(),
  state: z.enum(["confirmed", "rolled-back", "unassessed", "refused", "failed"]),
  release: z.strictObject({ name: z.string(), version: z.string() }).nullable(),
  code: z.string().nullable(),
  message: z.string().nullable(),
  remedy: z.string().nullable(),
});

export type RecentAttempt = Readonly<z.infer<typeof recentAttemptSchema>>;

/** The newest first. Empty where history cannot be read: a screen without it is better than none. */
export function recentAttempts(stateDirectory: AbsPath): RecentAttempt[] {
  try {
    const { records } = readHistory(stateDirectory);
    return records
      .filter((record) => record.kind === "attempt")
      .slice(-MAX_RECENT)
      .reverse()
      .map(describeAttempt);
  } catch (error) {
    if (error instanceof HostError) return [];
    throw error;
  }
}

function describeAttempt({ atUtc, state, release, reason }: AttemptRecord): RecentAttempt {
  return {
    ...{ atUtc, state },
    release: release === null ? null : { name: release.name, version: release.version },
    code: reason?.code ?? null,
    message: reason?.message ?? null,
    remedy: reason?.remedy ?? null,
  };
}
