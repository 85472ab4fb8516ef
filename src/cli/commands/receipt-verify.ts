/** `bootferry receipt verify`: are these receipts genuine, whole, and where they belong? Writes nothing. */
import type { Command } from "commander";
import { EXIT } from "../../error.ts";
import { judgeDelivery } from "../../receipt/ledger/judge-delivery.ts";
import { type Ledger, ledgerOf } from "../../receipt/ledger/ledger.ts";
import type { CliContext } from "../context.ts";
import { collectionFacts, describeCollection, hasAlarm } from "../describe-judgements.ts";
import { addTeaching } from "../help.ts";
import { addOutputOptions } from "../options.ts";
import type { OutputOptions } from "../output.ts";
import { addDeviceKeyOption, ledgerOption, openLedger, openSource, readDeviceKeys } from "../receipt-sources.ts";

interface Options extends OutputOptions {
  readonly ledger?: string;
  readonly deviceKey?: readonly string[];
}

export function registerReceiptVerify(parent: Command, context: CliContext): void {
  const command = parent
    .command("verify")
    .summary("check signatures, chain and medium of receipts")
    .description(
      "Checks the receipts of a stick, a directory or a file: every signature, that each receipt follows the one before it, and that they are on the stick that the device wrote to. " +
        "Without --ledger and --device-key the key that lies beside the receipts is believed: that shows that they belong together, and not whose they are. Names each defect, and writes nothing.",
    )
    .argument("<source>", "mount point of a stick, a directory with receipts, a file of receipts, or a ledger")
    .addOption(ledgerOption("believe the keys of this ledger, and compare with what it knows"))
    .action((source: string, options: Options) => run(context, source, options));
  addDeviceKeyOption(command, "the public key of the device");
  addOutputOptions(command);
  addTeaching(command, {
    examples: [
      {
        does: "Is this stick what the devices have written?",
        command: "bootferry receipt verify /media/usb --ledger fleet.jsonl",
      },
      { does: "Check a whole ledger again", command: "bootferry receipt verify fleet.jsonl" },
      {
        does: "One receipt, with the key of its device",
        command: "bootferry receipt verify receipt.json --device-key kiosk.pub",
      },
    ],
    exits: [EXIT.notTrusted, EXIT.medium],
  });
}

async function run(context: CliContext, source: string, options: Options): Promise<void> {
  const output = context.openOutput(options);
  const delivery = openSource(context, source);
  const ledger: Ledger = options.ledger === undefined ? ledgerOf([]) : openLedger(context, options.ledger).ledger;
  const rules = { acceptNewKeys: new Set<string>(), givenKeys: readDeviceKeys(context, options.deviceKey) };
  const judgements = await judgeDelivery(ledger, delivery, rules, context.signal);
  const collection = { delivery, judgements };
  output.result(collectionFacts(collection), () => describeCollection(collection, "good"));
  if (delivery.defects.length > 0) context.setExitStatus(EXIT.medium);
  if (hasAlarm([collection])) context.setExitStatus(EXIT.notTrusted);
}
