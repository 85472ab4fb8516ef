/**
 * What a ledger says of all devices: who has what, what went wrong and why, who was not seen, and what must not be
 * believed. The one picture behind the table, the page and `--json`. Pure.
 */
import type { Digest } from "../../oci/digest.ts";
import type { KeyId } from "../../trust/keys.ts";
import type { FindingEntry, ReceiptEntry } from "../ledger/entry.ts";
import {
  currentKey,
  type Gap,
  type KnownDevice,
  type Ledger,
  missingSerials,
  newestReceipt,
} from "../ledger/ledger.ts";
import { REMARKS } from "../ledger/remark.ts";
import type { Receipt, ReceiptOutcome, ReceiptRelease } from "../receipt.ts";

export interface FleetOptions {
  /** Devices of which nothing newer has come count as not seen; null asks for none. */
  readonly notSeenSinceUtc: string | null;
  /** `NAME`, `NAME@VERSION`, or a payload digest (12 digits of it at least); null asks for none. */
  readonly release: string | null;
}

/** From what needs nobody to what needs somebody soon. */
export type Standing = "well" | "attention" | "doubtful" | "trouble";

/** Where a device stands with the release that was asked about. */
export type WantedStanding = "has-it" | "failed" | "refused" | "not-yet";

export interface ReportedOutcome {
  readonly serial: number;
  readonly outcome: ReceiptOutcome;
  readonly atUtc: string;
  readonly isClockTrusted: boolean;
  readonly release: ReceiptRelease | null;
  readonly reason: Receipt["reason"];
  readonly health: string | null;
}

export interface ReportedFinding {
  readonly class: FindingEntry["class"];
  readonly title: string;
  readonly message: string;
  readonly remedy: string;
  readonly serials: readonly number[];
  readonly collectedAtUtc: string;
  readonly from: string;
  readonly medium: string | null;
}

export interface ReportedDevice {
  readonly id: string;
  readonly label: string;
  readonly compatible: string;
  readonly architecture: string;
  readonly backend: Receipt["device"]["backend"];
  readonly agentVersion: string;
  readonly keyId: KeyId;
  readonly running: ReceiptRelease | null;
  readonly standing: Standing;
  /** Null when no release was asked about. */
  readonly wanted: WantedStanding | null;
  readonly last: ReportedOutcome;
  readonly lastSeen: {
    readonly atUtc: string;
    /** False: the device's clock was not synchronised, and this is when it was collected; it was seen at that time or before. */
    readonly isExact: boolean;
  };
  readonly isUnseen: boolean;
  readonly missing: readonly Gap[];
  readonly findings: readonly ReportedFinding[];
  /** Newest first. */
  readonly history: readonly ReportedOutcome[];
}

export interface Fleet {
  /** What needs somebody first; then by label. */
  readonly devices: readonly ReportedDevice[];
  /** Of devices of which nothing is believed. */
  readonly strangers: readonly { readonly device: string; readonly findings: readonly ReportedFinding[] }[];
  readonly releases: readonly { readonly release: ReceiptRelease | null; readonly devices: number }[];
}

const MAX_HISTORY = 20;
const RANK: Readonly<Record<Standing, number>> = { trouble: 0, doubtful: 1, attention: 2, well: 3 };

export function fleetOf(ledger: Ledger, options: FleetOptions): Fleet {
  const devices: ReportedDevice[] = [];
  const strangers: Fleet["strangers"][number][] = [];
  for (const known of ledger.devices) {
    const newest = newestReceipt(known);
    if (newest !== undefined) devices.push(reportDevice(known, newest, options));
    else if (known.findings.length > 0)
      strangers.push({ device: known.id, findings: known.findings.map(reportFinding) });
  }
  devices.sort(
    (a, b) => RANK[a.standing] - RANK[b.standing] || compareText(a.label, b.label) || compareText(a.id, b.id),
  );
  return { devices, strangers, releases: countReleases(devices) };
}

function reportDevice(known: KnownDevice, newest: ReceiptEntry, options: FleetOptions): ReportedDevice {
  const { device, running, agentVersion } = newest.receipt;
  const findings = known.findings.filter((finding) => !isSettled(finding, known)).map(reportFinding);
  const lastSeen = lastSeenOf(known, newest);
  const isUnseen = options.notSeenSinceUtc !== null && lastSeen.atUtc < options.notSeenSinceUtc;
  const history = known.receipts.map(({ receipt }) => reportOutcome(receipt)).toReversed();
  const last = reportOutcome(newest.receipt);
  return {
    ...{ id: known.id, label: device.label, compatible: device.compatible, architecture: device.architecture },
    ...{ backend: device.backend, agentVersion, keyId: newest.keyId, running: running.release },
    standing: standingOf(last.outcome, isUnseen, findings.length > 0),
    wanted: options.release === null ? null : wantedStanding(options.release, running.release, history),
    ...{ last, lastSeen, isUnseen, findings },
    missing: missingSerials(known.receipts, currentKey(known)?.keyId ?? newest.keyId),
    history: history.slice(0, MAX_HISTORY),
  };
}

function standingOf(outcome: ReceiptOutcome, isUnseen: boolean, isSuspicious: boolean): Standing {
  switch (outcome) {
    case "rolled-back":
    case "failed":
      return "trouble";
    case "refused":
    case "unassessed":
      return isSuspicious ? "doubtful" : "attention";
    case "confirmed":
    case "enrolled":
      return isSuspicious ? "doubtful" : isUnseen ? "attention" : "well";
  }
}

/** A new key was not known when its receipts came, and was accepted since. */
function isSettled({ class: kind, digests }: FindingEntry, { receipts }: KnownDevice): boolean {
  const isAccepted = (digest: Digest) => receipts.some((entry) => entry.digest === digest);
  return kind === "other-key" && digests.length > 0 && digests.every(isAccepted);
}

/** A statement that a device was at a medium is as good as a receipt, and later. */
function lastSeenOf({ visits }: KnownDevice, newest: ReceiptEntry): ReportedDevice["lastSeen"] {
  const seen = [
    ...visits.map(({ visit, atUtc }) => ({ at: visit, collectedAtUtc: atUtc })),
    { at: newest.receipt, collectedAtUtc: newest.atUtc },
  ];
  const exact = seen.filter(({ at }) => at.isClockTrusted).map(({ at }) => at.atUtc);
  if (newest.receipt.isClockTrusted) return { atUtc: exact.toSorted().at(-1) ?? newest.receipt.atUtc, isExact: true };
  return {
    atUtc:
      seen
        .map(({ collectedAtUtc }) => collectedAtUtc)
        .toSorted()
        .at(-1) ?? newest.atUtc,
    isExact: false,
  };
}

function wantedStanding(
  selector: string,
  running: ReceiptRelease | null,
  history: readonly ReportedOutcome[],
): WantedStanding {
  if (running !== null && isSelected(selector, running)) return "has-it";
  const last = history.find(({ release }) => release !== null && isSelected(selector, release));
  switch (last?.outcome) {
    case "rolled-back":
    case "failed":
    case "unassessed":
      return "failed";
    case "refused":
      return "refused";
    case "confirmed": // and gone back from since
    case "enrolled":
    case undefined:
      return "not-yet";
  }
}

const DIGEST_PREFIX = /^(?:sha256:)?([0-9a-f]{12,64})$/;

function isSelected(selector: string, { name, version, payloadDigest }: ReceiptRelease): boolean {
  if (selector === name || selector === `${name}@${version}`) return true;
  const prefix = DIGEST_PREFIX.exec(selector)?.[1];
  return prefix !== undefined && payloadDigest.startsWith(`sha256:${prefix}`);
}

function reportOutcome({ serial, outcome, atUtc, isClockTrusted, release, reason, health }: Receipt): ReportedOutcome {
  return { serial, outcome, atUtc, isClockTrusted, release, reason, health };
}

function reportFinding({ class: kind, message, serials, atUtc, from, medium }: FindingEntry): ReportedFinding {
  const { title, remedy } = REMARKS[kind];
  return { class: kind, title, message, remedy, serials, collectedAtUtc: atUtc, from, medium };
}

/** What most devices run first. */
function countReleases(devices: readonly ReportedDevice[]): Fleet["releases"] {
  const counts = new Map<string, { readonly release: ReceiptRelease | null; devices: number }>();
  for (const { running } of devices) {
    const count = counts.get(running?.payloadDigest ?? "") ?? { release: running, devices: 0 };
    count.devices += 1;
    counts.set(running?.payloadDigest ?? "", count);
  }
  const sequence = ({ release }: Fleet["releases"][number]) => release?.sequence ?? 0;
  return [...counts.values()].sort((a, b) => b.devices - a.devices || sequence(b) - sequence(a));
}

/** By code unit: the same on every machine, whatever its language. */
function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
