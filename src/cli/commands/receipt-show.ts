/** `bootferry receipt show`: what devices say in their receipts. */
import { type Command, Option } from "commander";
import { EXIT } from "../../error.ts";
import type { ReceiptEntry } from "../../receipt/ledger/entry.ts";
import { judgeDelivery } from "../../receipt/ledger/judge-delivery.ts";
import { type KnownDevice, ledgerOf } from "../../receipt/ledger/ledger.ts";
import { OUTCOME_WORDS, releaseWords } from "../../receipt/report/words.ts";
import type { CliContext } from "../context.ts";
import { describeCollection, hasAlarm } from "../describe-judgements.ts";
import { addTeaching } from "../help.ts";
import { addOutputOptions, wholeNumber } from "../options.ts";
import type { OutputOptions } from "../output.ts";
import { openSource, titleOf } from "../receipt-sources.ts";

interface Options extends OutputOptions {
  readonly limit?: number;
}

export function registerReceiptShow(parent: Command, context: CliContext): void {
  const command = parent
    .command("show")
    .summary("what devices say in their receipts")
    .description(
      "Shows the receipts of a stick, a directory, a file or a ledger, oldest first: what was tried, how it ended, and why. " +
        "Only those are shown whose signature fits the key that lies beside them; `bootferry receipt verify` and `receipt collect` say whose key that is.",
    )
    .argument("<source>", "mount point of a stick, a directory with receipts, a file of receipts, or a ledger")
    .addOption(new Option("--limit <count>", "only the last COUNT of each device").argParser(wholeNumber(1)))
    .action((source: string, options: Options) => run(context, source, options));
  addOutputOptions(command);
  addTeaching(command, {
    examples: [
      { does: "What happened on the devices that had this stick?", command: "bootferry receipt show /media/usb" },
      {
        does: "The last word of each device, for a program",
        command: "bootferry receipt show /media/usb --limit 1 --json",
      },
    ],
    exits: [EXIT.notTrusted, EXIT.medium],
  });
}

async function run(context: CliContext, source: string, options: Options): Promise<void> {
  const output = context.openOutput(options);
  const delivery = openSource(context, source);
  const rules = { acceptNewKeys: new Set<string>(), givenKeys: [] };
  const judgements = await judgeDelivery(ledgerOf([]), delivery, rules, context.signal);
  const collection = { delivery, judgements };
  const { devices } = ledgerOf(judgements.flatMap(({ entries }) => entries));
  const shown = devices.map((device) => ({
    device,
    receipts: device.receipts.slice(-(options.limit ?? device.receipts.length)),
  }));
  output.result(
    {
      devices: shown.map(({ device: { id }, receipts }) => ({
        device: id,
        receipts: receipts.map(({ receipt, digest, keyId }) => ({ digest, keyId, receipt })),
      })),
    },
    () =>
      shown
        .flatMap(({ device, receipts }) => (receipts.length === 0 ? [] : [describeDevice(device, receipts)]))
        .join("\n"),
  );
  if (!hasAlarm([collection])) return;
  output.warn(`some of it must not be believed:\n${describeCollection(collection, "good")}`);
  context.setExitStatus(EXIT.notTrusted);
}

function describeDevice(device: KnownDevice, receipts: readonly ReceiptEntry[]): string {
  const newest = device.receipts.at(-1);
  const about = newest === undefined ? "" : `${newest.receipt.device.compatible} ${newest.receipt.device.architecture}`;
  return [`${titleOf(device)}  ${about}, key ${newest?.keyId.slice(0, 16)}`, ...receipts.map(describeReceipt)].join(
    "\n",
  );
}

function describeReceipt({ receipt }: ReceiptEntry): string {
  const { serial, atUtc, isClockTrusted, outcome, release, running, reason } = receipt;
  const clock = isClockTrusted ? "" : " by its own clock";
  const what = release === null ? "" : `: ${release.name} ${release.version} (sequence ${release.sequence})`;
  const runs = `; runs ${releaseWords(running.release)}`;
  const why = reason === null ? "" : `\n      ${reason.message} [${reason.code}]\n      help: ${reason.remedy}`;
  return `  ${String(serial).padStart(3)}  ${atUtc}${clock}  ${OUTCOME_WORDS[outcome]}${what}${runs}${why}`;
}
