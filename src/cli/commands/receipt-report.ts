/** `bootferry receipt report`: who has what, what failed and why, who was not seen, what must not be believed. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { writeDurably } from "../../host/durable-write.ts";
import { type Fleet, fleetOf, type ReportedDevice } from "../../receipt/report/fleet.ts";
import { formatPage } from "../../receipt/report/page.ts";
import {
  lastSeenWords,
  OUTCOME_WORDS,
  releaseWords,
  STANDING_WORDS,
  WANTED_WORDS,
} from "../../receipt/report/words.ts";
import { formatUtcTime } from "../../trust/utc-time.ts";
import { buildClock } from "../build-clock.ts";
import type { CliContext } from "../context.ts";
import { formatTable } from "../format-table.ts";
import { addTeaching } from "../help.ts";
import { addOutputOptions, utcTime } from "../options.ts";
import type { OutputOptions } from "../output.ts";
import { ledgerOption, openLedger } from "../receipt-sources.ts";

interface Options extends OutputOptions {
  readonly ledger: string;
  readonly html?: string;
  readonly release?: string;
  readonly notSeenSince?: NotSeenSince;
}

/** A time, or so many days before now. */
type NotSeenSince = { readonly kind: "time"; readonly time: Date } | { readonly kind: "days"; readonly days: number };

const DAY_MS = 24 * 60 * 60 * 1000;

export function registerReceiptReport(parent: Command, context: CliContext): void {
  const command = parent
    .command("report")
    .summary("a table and a page of all devices of a ledger")
    .description(
      "Shows what the devices of a ledger have said: what each one runs, how its last update ended and why, with what to do, when it was last seen, and what must not be believed. " +
        "--html writes the same as one page that needs no other file and no network, for the screen, the phone and paper. With SOURCE_DATE_EPOCH the same ledger gives the same bytes.",
    )
    .addOption(ledgerOption("the ledger that `receipt collect` made").makeOptionMandatory())
    .addOption(new Option("--html <file>", "write the page to this file, too"))
    .addOption(new Option("--release <name@version|digest>", "say of each device where it stands with this release"))
    .addOption(
      new Option(
        "--not-seen-since <date|days>",
        "mark devices of which nothing newer has come: 2026-10-01, or 30 for thirty days ago",
      ).argParser(notSeenSince),
    )
    .action((options: Options) => run(context, options));
  addOutputOptions(command);
  addTeaching(command, {
    examples: [
      { does: "Who needs a visit?", command: "bootferry receipt report --ledger fleet.jsonl --not-seen-since 30" },
      {
        does: "A page for the site manager",
        command: "bootferry receipt report --ledger fleet.jsonl --release kiosk-os@42.3.1 --html report.html",
      },
    ],
  });
}

function notSeenSince(text: string): NotSeenSince {
  if (/^\d{1,5}$/.test(text)) return { kind: "days", days: Number(text) };
  if (/^\d{4}-/.test(text)) return { kind: "time", time: utcTime(text) };
  throw new InvalidArgumentError("Expected a number of days, or a date such as 2026-10-01.");
}

function run(context: CliContext, options: Options): void {
  const output = context.openOutput(options);
  const { ledger, unreadable } = openLedger(context, options.ledger);
  for (const why of unreadable) output.warn(`${options.ledger}: ${why}; it is passed over`);
  const now = buildClock(context).nowUtc();
  const notSeenSinceUtc = options.notSeenSince === undefined ? null : formatUtcTime(timeOf(options.notSeenSince, now));
  const { release = null } = options;
  const fleet = fleetOf(ledger, { notSeenSinceUtc, release });
  const madeAtUtc = formatUtcTime(now);
  if (options.html !== undefined) {
    const page = formatPage({ fleet, madeAtUtc, ledger: options.ledger, notSeenSinceUtc, release });
    writeDurably(context.path(options.html), page);
    output.note(`${options.html} is written; open it in any browser`);
  }
  output.result({ madeAtUtc, ledger: options.ledger, notSeenSinceUtc, release, ...fleet }, () => describeFleet(fleet));
}

function timeOf(since: NotSeenSince, now: Date): Date {
  return since.kind === "time" ? since.time : new Date(now.getTime() - since.days * DAY_MS);
}

function describeFleet(fleet: Fleet): string {
  const { devices, strangers } = fleet;
  const asked = devices.some(({ wanted }) => wanted !== null) ? ["WANTED"] : [];
  const headings = ["DEVICE", "ID", "STANDING", "RUNS", "LAST OUTCOME", ...asked, "LAST SEEN"];
  const rows = devices.map((device) => [
    ...[device.label, device.id.slice(0, 12), STANDING_WORDS[device.standing], releaseWords(device.running)],
    `${OUTCOME_WORDS[device.last.outcome]}${device.last.release === null ? "" : ` ${device.last.release.version}`}`,
    ...(device.wanted === null ? [] : [WANTED_WORDS[device.wanted]]),
    lastSeenWords(device.lastSeen),
  ]);
  const unknown = strangers.map(({ device, findings }) =>
    [`a device that nobody knows (${device.slice(0, 12)})`, ...findings.map(describeFinding)].join("\n"),
  );
  return [...formatTable(headings, rows), ...devices.flatMap(describeTrouble), ...unknown].join("\n");
}

/** What is wrong with a device and what to do; nothing for one that is well. */
function describeTrouble(device: ReportedDevice): readonly string[] {
  const { label, id, last, isUnseen, lastSeen, findings } = device;
  const isBad = last.outcome !== "confirmed" && last.outcome !== "enrolled";
  const lines = [
    ...(isBad && last.reason !== null
      ? [`  ${last.reason.message} [${last.reason.code}]`, `  help: ${last.reason.remedy}`]
      : []),
    ...(isUnseen
      ? [`  nothing newer than ${lastSeenWords(lastSeen)} has come from it`, "  help: Visit it, and collect the stick."]
      : []),
    ...findings.map(describeFinding),
  ];
  return lines.length === 0 ? [] : ["", `${label} (${id.slice(0, 12)})`, ...lines];
}

function describeFinding({ title, message, serials, from, remedy }: ReportedDevice["findings"][number]): string {
  const which = serials.length === 0 ? "" : ` (receipt ${serials.join(", ")})`;
  return `  ${title.toUpperCase()}: ${message}${which}; from ${from}\n  help: ${remedy}`;
}
