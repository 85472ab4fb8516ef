/** One thing that the doctor has looked at, and what it makes of all of them together. */

/** In the order in which they are shown. */
export const AREAS = [
  "bootferry",
  "tools",
  "kernel",
  "permissions",
  "units",
  "boot loader",
  "configuration",
  "trust",
  "state",
  "media",
] as const;
export type Area = (typeof AREAS)[number];

/**
 * - `found`: there, and as it should be
 * - `missing`: not there or not as it must be, and this machine cannot do its work without it
 * - `warning`: works, and somebody should look at it
 * - `optional`: not there; only what `why` says cannot be done
 * - `unknown`: cannot be told, such as without root
 * - `not needed`: has no part in what this machine does
 */
export type Verdict = "found" | "missing" | "warning" | "optional" | "unknown" | "not needed";

export interface Finding {
  readonly area: Area;
  /** What was looked at: the name of a tool, a file, a key. */
  readonly name: string;
  readonly verdict: Verdict;
  /** What was seen; empty when the verdict says it all. */
  readonly detail: string;
  /** What it is there for. */
  readonly why: string;
  /** How to get it or what to do; null when there is nothing to do. */
  readonly remedy: string | null;
  /** Of this distribution, when a package brings it. */
  readonly packages?: readonly string[];
}

export type Summary = Readonly<Record<Verdict, number>>;

export function countVerdicts(findings: readonly Finding[]): Summary {
  const count = (verdict: Verdict) => findings.filter((finding) => finding.verdict === verdict).length;
  return {
    found: count("found"),
    missing: count("missing"),
    warning: count("warning"),
    optional: count("optional"),
    unknown: count("unknown"),
    "not needed": count("not needed"),
  };
}

/** Whether nothing that is required is missing. */
export function isReady(findings: readonly Finding[]): boolean {
  return !findings.some(({ verdict }) => verdict === "missing");
}
