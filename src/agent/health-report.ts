/** What the health checks of a boot said, in the form that journal, history and `bootferry health --json` keep it. */
import { z } from "zod";

const checkSchema = z.object({
  level: z.enum(["required", "wanted"]),
  /** The file of the check on the device, or the name of one that is built in. */
  check: z.string(),
  result: z.enum(["passed", "failed", "timed-out", "not-run"]),
  exitCode: z.int().nullable(),
  /** The end of what it printed, or why it did not run; empty for a check that passed. */
  output: z.string(),
});

export const healthReportSchema = z.object({
  /** True when every required check passed; also when there is none. */
  healthy: z.boolean(),
  checks: z.array(checkSchema),
});

export type HealthCheck = Readonly<z.infer<typeof checkSchema>>;
export type HealthReport = Readonly<z.infer<typeof healthReportSchema>>;

/** A report from its checks. */
export function makeHealthReport(checks: readonly HealthCheck[]): HealthReport {
  const healthy = checks.every(({ level, result }) => level === "wanted" || result === "passed");
  return { healthy, checks: [...checks] };
}

/** One sentence: `2 of 3 required checks failed: 10-app.sh (exit status 1: no display), …` */
export function describeHealth({ healthy, checks }: HealthReport): string {
  const required = checks.filter(({ level }) => level === "required");
  const failed = required.filter(({ result }) => result !== "passed");
  const unwell = checks.filter(({ level, result }) => level === "wanted" && result !== "passed");
  const also = unwell.length > 0 ? `; wanted checks that failed: ${unwell.map(describeCheck).join(", ")}` : "";
  if (!healthy) {
    return `${failed.length} of ${required.length} required checks failed: ${failed.map(describeCheck).join(", ")}${also}`;
  }
  if (checks.length === 0) return "healthy: there are no checks";
  return `healthy: ${required.length} required check${required.length === 1 ? "" : "s"} passed${also}`;
}

/** `10-app.sh (exit status 1: no display)` */
function describeCheck({ check, result, exitCode, output }: HealthCheck): string {
  const how = exitCode === null || result !== "failed" ? result : `exit status ${exitCode}`;
  const lastLine = output.split("\n").at(-1) ?? "";
  return `${check.slice(check.lastIndexOf("/") + 1)} (${how}${lastLine === "" ? "" : `: ${lastLine}`})`;
}
