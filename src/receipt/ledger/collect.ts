/** Takes what was brought into a ledger: read, judge, append, one delivery after the other, each durable by itself. */
import type { AbsPath } from "../../path.ts";
import type { Delivery } from "./delivery.ts";
import { type CollectRules, type Judgement, judgeDelivery } from "./judge-delivery.ts";
import { ledgerOf } from "./ledger.ts";
import { appendLedger, readLedgerFile } from "./ledger-file.ts";

export interface Collection {
  readonly delivery: Pick<Delivery, "kind" | "from" | "medium" | "defects">;
  readonly judgements: readonly Judgement[];
}

export interface CollectOptions {
  readonly rules: CollectRules;
  /** Judges only, and writes nothing. */
  readonly isDryRun: boolean;
  readonly signal?: AbortSignal;
}

/**
 * The caller holds the ledger's lock (unless it only looks). What was judged before a stop is in the ledger, and the rest
 * can be collected again.
 * @throws ReceiptError RECEIPT_TOO_LARGE; HostError; the reason of the signal
 */
export async function collectInto(
  path: AbsPath,
  deliveries: readonly Delivery[],
  { rules, isDryRun, signal }: CollectOptions,
): Promise<readonly Collection[]> {
  const entries = [...readLedgerFile(path).entries];
  const collections: Collection[] = [];
  for (const delivery of deliveries) {
    const judgements = await judgeDelivery(ledgerOf(entries), delivery, rules, signal);
    const added = judgements.flatMap((judgement) => judgement.entries);
    if (!isDryRun) appendLedger(path, added);
    entries.push(...added);
    const { kind, from, medium, defects } = delivery;
    collections.push({ delivery: { kind, from, medium, defects }, judgements });
  }
  return collections;
}
