/** The verbs of `bootferry receipt`. */
import type { Command } from "commander";
import { registerReceiptCollect } from "../commands/receipt-collect.ts";
import { registerReceiptPlan } from "../commands/receipt-plan.ts";
import { registerReceiptReport } from "../commands/receipt-report.ts";
import { registerReceiptShow } from "../commands/receipt-show.ts";
import { registerReceiptVerify } from "../commands/receipt-verify.ts";
import type { CliContext } from "../context.ts";

export function registerVerbs(receipt: Command, context: CliContext): void {
  registerReceiptShow(receipt, context);
  registerReceiptVerify(receipt, context);
  registerReceiptCollect(receipt, context);
  registerReceiptReport(receipt, context);
  registerReceiptPlan(receipt, context);
}
