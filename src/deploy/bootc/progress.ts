/**
 * What bootc writes to `--progress-fd`: one JSON object a line, experimental, thinned out and without an end (bootc:
 * docs/src/progress-v0.schema.json). Unknown tasks, fields and lines that are no JSON are passed over. Pure.
 */
import { z } from "zod";

export interface BootcProgress {
  /** bootc's word for what it does: `pulling`, `importing`, `staging`; open-ended. */
  readonly task: string;
  readonly done: number;
  /** 0 when it is not known. */
  readonly total: number;
  readonly unit: "bytes" | "steps";
}

const count = z.number().nonnegative().default(0);

const eventSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("ProgressBytes"), task: z.string(), bytes: count, bytesTotal: count }),
  z.object({ type: z.literal("ProgressSteps"), task: z.string(), steps: count, stepsTotal: count }),
]);

/** Undefined for what tells of no progress. */
export function parseProgress(line: string): BootcProgress | undefined {
  const { success, data } = eventSchema.safeParse(parseJson(line));
  if (!success) return undefined;
  if (data.type === "ProgressSteps") {
    return { task: data.task, done: data.steps, total: data.stepsTotal, unit: "steps" };
  }
  return { task: data.task, done: data.bytes, total: data.bytesTotal, unit: "bytes" };
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined; // a line that is cut is one that is lost
  }
}
