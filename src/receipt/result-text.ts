/**
 * RESULT.txt: for whoever carries the stick and opens it on any computer. Plain words, unsigned; what counts is in the
 * receipts beside it. Lines end as on Windows, where most of these sticks are opened.
 */
import type { Receipt, ReceiptRelease } from "./receipt.ts";

const MAX_EARLIER = 10;

export interface ResultFacts {
  readonly atUtc: string;
  readonly isClockTrusted: boolean;
  /** What the device is doing now, in a sentence. */
  readonly now: string;
}

/** @param receipts of one device, oldest first; at least one */
export function formatResult(receipts: readonly Receipt[], { atUtc, isClockTrusted, now }: ResultFacts): string {
  const [newest, ...earlier] = receipts.toReversed();
  if (newest === undefined) throw new TypeError("there is no receipt to tell of");
  const { device, running } = newest;
  const clock = isClockTrusted ? "" : " (by the clock of the device, which nobody has set right)";
  const lines = [
    "What became of the updates of this device",
    "",
    `Device:   ${device.label} (${device.compatible}, ${device.architecture})`,
    `Id:       ${device.id}`,
    `Written:  ${formatTime(atUtc)}${clock}`,
    `Runs:     ${running.release === null ? "a system without a signed release" : nameOf(running.release)}`,
    `Now:      ${now}`,
    "",
    `Last result (${formatTime(newest.atUtc)}):`,
    `  ${sentenceOf(newest)}`,
    ...(newest.reason === null ? [] : [`  Why: ${newest.reason.message} [${newest.reason.code}]`]),
    `  What to do: ${newest.reason?.remedy ?? "nothing."}`,
  ];
  if (earlier.length > 0) {
    lines.push("", "Before that:");
    for (const receipt of earlier.slice(0, MAX_EARLIER)) {
      const why = receipt.reason === null ? "" : ` [${receipt.reason.code}]`;
      lines.push(`  ${formatTime(receipt.atUtc)}  ${sentenceOf(receipt)}${why}`);
    }
  }
  lines.push(
    "",
    "An update that is still under way is told at the next insertion of a stick.",
    "The signed receipts are in receipts.jsonl: `bootferry receipt collect` reads them.",
    "",
  );
  return lines.map((line) => line.replaceAll(/\r?\n/g, " ")).join("\r\n");
}

function sentenceOf({ outcome, release, running }: Receipt): string {
  const what = release === null ? "the new system" : nameOf(release);
  const runs = running.release === null ? "the system before" : nameOf(running.release);
  switch (outcome) {
    case "enrolled":
      return "The device made its key and began to keep receipts.";
    case "confirmed":
      return `${what} was installed, checked and kept.`;
    case "rolled-back":
      return `${what} was not well; the device went back and runs ${runs}.`;
    case "unassessed":
      return `${what} did not stay up long enough to be checked; the device runs ${runs}.`;
    case "refused":
      return `${release === null ? "What was on the stick" : what} was refused; the device runs ${runs}.`;
    case "failed":
      return `${release === null ? "The update" : what} was not installed; the device runs ${runs}.`;
  }
}

function nameOf({ name, version, sequence }: ReceiptRelease): string {
  return `${name} ${version} (sequence ${sequence})`;
}

/** `2026-11-20 12:00 UTC` */
function formatTime(utc: string): string {
  return `${utc.slice(0, "2026-11-20".length)} ${utc.slice("2026-11-20T".length, "2026-11-20T12:00".length)} UTC`;
}
