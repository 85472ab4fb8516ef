/** Points in time in signed documents: RFC 3339 in UTC, whole seconds, `Z`: one spelling for each, so text order is time order. */
import { z } from "zod";

const PATTERN = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/;

export const utcTimeSchema = z
  .string()
  .regex(PATTERN, "not a time like 2026-11-20T10:00:00Z")
  .refine(isRealTime, "no such day or time");

/** `2026-11-20T10:00:00Z`; parts of a second are cut off. */
export function formatUtcTime(time: Date): string {
  return `${time.toISOString().slice(0, "2026-11-20T10:00:00".length)}Z`;
}

/** `Date.parse` rolls 31 June over into July; what was written must come out again. */
function isRealTime(text: string): boolean {
  const time = new Date(text);
  return !Number.isNaN(time.getTime()) && formatUtcTime(time) === text;
}
