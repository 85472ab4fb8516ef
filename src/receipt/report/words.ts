/** Short words of the report, the same in the table and on the page. Pure. */
import type { ReceiptOutcome, ReceiptRelease } from "../receipt.ts";
import type { ReportedDevice, Standing, WantedStanding } from "./fleet.ts";

export const OUTCOME_WORDS: Readonly<Record<ReceiptOutcome, string>> = {
  enrolled: "set up",
  confirmed: "updated",
  "rolled-back": "went back",
  unassessed: "not assessed",
  refused: "refused",
  failed: "failed",
};

export const STANDING_WORDS: Readonly<Record<Standing, string>> = {
  well: "well",
  attention: "look at it",
  doubtful: "doubtful",
  trouble: "trouble",
};

export const WANTED_WORDS: Readonly<Record<WantedStanding, string>> = {
  "has-it": "has it",
  failed: "tried, went back",
  refused: "refused it",
  "not-yet": "not yet",
};

/** `kiosk-os 42.3.1`, or what stands in its place. */
export function releaseWords(release: ReceiptRelease | null): string {
  return release === null ? "an unsigned image" : `${release.name} ${release.version}`;
}

/** `2026-11-20`, `at the latest 2026-11-20`: minutes help nobody, and days can be read at a glance. */
export function lastSeenWords({ atUtc, isExact }: ReportedDevice["lastSeen"]): string {
  return isExact ? atUtc.slice(0, 10) : `≤ ${atUtc.slice(0, 10)}`;
}
