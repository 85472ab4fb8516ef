/** `bootferry receipt collect`: takes the receipts of many sticks and devices into one ledger. */
import { type Command, Option } from "commander";
import { CodedError, EXIT } from "../../error.ts";
import { type Collection, collectInto } from "../../receipt/ledger/collect.ts";
import type { Delivery } from "../../receipt/ledger/delivery.ts";
import { ledgerOf, selectDevice } from "../../receipt/ledger/ledger.ts";
import { lockLedger, readLedgerFile } from "../../receipt/ledger/ledger-file.ts";
import type { CliContext } from "../context.ts";
import { collectionFacts, describeCollection, hasAlarm } from "../describe-judgements.ts";
import { CliError } from "../error.ts";
import { addTeaching } from "../help.ts";
import { addOutputOptions, collect } from "../options.ts";
import type { OutputOptions } from "../output.ts";
import { addDeviceKeyOption, ledgerOption, openSource, readDeviceKeys } from "../receipt-sources.ts";

interface Options extends OutputOptions {
  readonly ledger: string;
  readonly from?: readonly string[];
  readonly deviceKey?: readonly string[];
  readonly acceptNewKey?: readonly string[];
  readonly dryRun?: boolean;
}

const LOCK_SECONDS = 30; // another collection takes seconds

export function registerReceiptCollect(parent: Command, context: CliContext): void {
  const command = parent
    .command("collect")
    .summary("take the receipts of sticks and devices into a ledger")
    .description(
      "Reads the receipts that devices have left on sticks (or in directories that were taken off devices) and adds what is new to a ledger, " +
        "one file that only grows. Every signature is checked; the first key that is seen of a device is the only one that counts for it from then on. " +
        "What is forged, replayed, copied from another stick or contradicts what is known is named, with what to do, and is not believed. " +
        "Collecting the same stick twice adds nothing.",
    )
    .argument("[sources...]", "mount points of sticks, directories with the receipts of one device, files of receipts")
    .addOption(ledgerOption("the ledger to add to; it is made when it is not there").makeOptionMandatory())
    .addOption(new Option("--from <ledger>", "another person's ledger to merge; repeatable").argParser(collect))
    .addOption(
      new Option(
        "--accept-new-key <device>",
        "believe the new key of this device from now on (its id, the start of it, or its label); repeatable",
      ).argParser(collect),
    )
    .addOption(new Option("--dry-run", "say what would be added, and write nothing"))
    .action((sources: readonly string[], options: Options) => run(context, sources, options));
  addDeviceKeyOption(command, "a key that was taken off a device beforehand: with any, a new device needs one of them");
  addOutputOptions(command);
  addTeaching(command, {
    examples: [
      { does: "After the walk", command: "bootferry receipt collect /media/usb1 /media/usb2 --ledger fleet.jsonl" },
      {
        does: "Merge what a colleague has collected",
        command: "bootferry receipt collect --from anna.jsonl --ledger fleet.jsonl",
      },
      {
        does: "A device was installed anew and has another key",
        command: "bootferry receipt collect /media/usb --ledger fleet.jsonl --accept-new-key kiosk-hall",
      },
    ],
    exits: [EXIT.notTrusted, EXIT.medium, EXIT.busy],
  });
}

async function run(context: CliContext, sources: readonly string[], options: Options): Promise<void> {
  const output = context.openOutput(options);
  const named = [...sources, ...(options.from ?? [])];
  if (named.length === 0)
    throw new CliError("CLI_USAGE", "nothing to collect: name a stick, a directory or --from LEDGER");
  const path = context.path(options.ledger);
  const isDryRun = options.dryRun === true;
  const givenKeys = readDeviceKeys(context, options.deviceKey);
  await using _lock = isDryRun ? undefined : await lockLedger(path, LOCK_SECONDS, context.signal);
  const { entries, unreadable } = readLedgerFile(path);
  for (const why of unreadable) output.warn(`${options.ledger}: ${why}; it is passed over`);
  const known = ledgerOf(entries);
  const acceptNewKeys = new Set((options.acceptNewKey ?? []).map((text) => selectDevice(known, text).id));
  const { deliveries, failures } = openSources(context, named);
  const collections = await collectInto(path, deliveries, {
    ...{ rules: { acceptNewKeys, givenKeys }, isDryRun, signal: context.signal },
  });
  for (const { from, error } of failures) output.warn(`${from}: ${error.message} [${error.code}]`);
  output.result(
    {
      ledger: options.ledger,
      isDryRun,
      ...totals(collections),
      sources: collections.map(collectionFacts),
      failures: failures.map(({ from, error: { code, message, remedy } }) => ({ from, code, message, remedy })),
    },
    () => [...collections.map((it) => describeCollection(it, "known")), summary(collections, options)].join("\n"),
  );
  const [failure] = failures;
  if (failure !== undefined) context.setExitStatus(failure.error.exitStatus);
  if (hasAlarm(collections)) context.setExitStatus(EXIT.notTrusted);
}

/** One stick that cannot be read does not keep the others from being collected. */
function openSources(context: CliContext, named: readonly string[]) {
  const deliveries: Delivery[] = [];
  const failures: { readonly from: string; readonly error: CodedError }[] = [];
  for (const from of named) {
    try {
      deliveries.push(openSource(context, from));
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      failures.push({ from, error });
    }
  }
  return { deliveries, failures };
}

function totals(collections: readonly Collection[]) {
  const judgements = collections.flatMap((collection) => collection.judgements);
  const sum = (of: (judgement: (typeof judgements)[number]) => number) =>
    judgements.reduce((total, judgement) => total + of(judgement), 0);
  return { newReceipts: sum((it) => it.newReceipts), knownReceipts: sum((it) => it.knownReceipts) };
}

function summary(collections: readonly Collection[], { ledger, dryRun }: Options): string {
  const { newReceipts } = totals(collections);
  const receipts = `${newReceipts} new ${newReceipts === 1 ? "receipt" : "receipts"}`;
  return dryRun ? `${receipts} would be added to ${ledger}` : `${receipts} added to ${ledger}`;
}
