/** What was found about receipts that were brought, for people and for `--json`. */
import type { Collection } from "../receipt/ledger/collect.ts";
import type { Judgement } from "../receipt/ledger/judge-delivery.ts";
import { isFinding, REMARKS, type Remark } from "../receipt/ledger/remark.ts";
import { deviceTitle } from "./receipt-sources.ts";

export function collectionFacts({ delivery, judgements }: Collection) {
  const { kind, from, medium, defects } = delivery;
  return { from, kind, medium, defects, devices: judgements.map(judgementFacts) };
}

function judgementFacts({ device, label, newReceipts, knownReceipts, remarks }: Judgement) {
  return { device, label, newReceipts, knownReceipts, remarks: remarks.map(remarkFacts) };
}

function remarkFacts(remark: Remark) {
  const { class: kind, message, serials, digests } = remark;
  return { class: kind, isAlarm: isFinding(remark), message, serials, digests, remedy: REMARKS[kind].remedy };
}

export function describeCollection({ delivery, judgements }: Collection, known: "known" | "good"): string {
  const { from, medium, defects } = delivery;
  return [
    medium === null ? from : `${from}  (medium ${medium.slice(0, 12)})`,
    ...judgements.map((judgement) => describeJudgement(judgement, known)),
    ...defects.map((defect) => `  damaged: ${defect}`),
    ...(judgements.length === 0 ? ["  no receipts of any device"] : []),
    ...(judgements.some(({ remarks }) => remarks.some(({ class: kind }) => kind === "new-device"))
      ? [`  ${REMARKS["new-device"].remedy}`]
      : []),
  ].join("\n");
}

function describeJudgement({ device, label, newReceipts, knownReceipts, remarks }: Judgement, known: "known" | "good") {
  const counts =
    known === "known" ? `${newReceipts} new, ${knownReceipts} known` : `${newReceipts + knownReceipts} genuine`;
  const keys = remarks.filter(isAboutKey).map(({ class: kind, message }) => `, ${REMARKS[kind].title}: ${message}`);
  const others = remarks.filter((remark) => !isAboutKey(remark));
  return [`  ${deviceTitle(device, label)}  ${counts}${keys.join("")}`, ...others.map(describeRemark)].join("\n");
}

/** A walk brings forty of them the first time: what to do stands below, once. */
function isAboutKey({ class: kind }: Remark): boolean {
  return kind === "new-device" || kind === "new-key";
}

function describeRemark(remark: Remark): string {
  const { class: kind, message, serials } = remark;
  const { title, remedy } = REMARKS[kind];
  const which = serials.length === 0 ? "" : ` (receipt ${serials.join(", ")})`;
  const name = isFinding(remark) ? title.toUpperCase() : title;
  return `    ${name}: ${message}${which}\n      ${remedy}`;
}

/** Whether something must not be believed. */
export function hasAlarm(collections: readonly Collection[]): boolean {
  return collections.some(({ judgements }) => judgements.some(({ remarks }) => remarks.some(isFinding)));
}
