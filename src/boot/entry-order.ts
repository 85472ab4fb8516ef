/**
 * The order in which systemd-boot tries entries (systemd src/boot/boot.c `boot_entry_compare`; UAPI.1 "Sorting").
 *
 * Bad entries come last, whatever else they say. Then: entries with a sort key before those without, by sort key, by
 * machine id, by version (newest first), by id (newest first), and last by counter.
 */
import { type BlsEntry, blsValue } from "./bls-entry.ts";
import { type BootCounter, isBad, parseBootCounter } from "./boot-counter.ts";
import { compareText, compareVersions } from "./version-order.ts";

export interface EntryFile {
  readonly fileName: string;
  readonly entry: BlsEntry;
}

/** For `sort`: negative when `a` is tried before `b`. */
export function compareEntries(a: EntryFile, b: EntryFile): number {
  const [left, right] = [sortFacts(a), sortFacts(b)];
  return (
    Number(isBad(left.counter)) - Number(isBad(right.counter)) ||
    Number(left.sortKey === undefined) - Number(right.sortKey === undefined) ||
    compareKeyed(left, right) ||
    compareVersions(right.id, left.id) ||
    compareCounters(left.counter, right.counter)
  );
}

interface SortFacts {
  readonly id: string;
  readonly counter: BootCounter | undefined;
  readonly sortKey: string | undefined;
  readonly machineId: string | undefined;
  readonly version: string;
}

function sortFacts({ fileName, entry }: EntryFile): SortFacts {
  const name = parseBootCounter(fileName);
  return {
    id: `${name?.stem ?? fileName}.conf`.toLowerCase(),
    counter: name?.counter,
    sortKey: blsValue(entry, "sort-key"),
    machineId: blsValue(entry, "machine-id"),
    version: blsValue(entry, "version") ?? "",
  };
}

function compareKeyed(a: SortFacts, b: SortFacts): number {
  if (a.sortKey === undefined || b.sortKey === undefined) return 0;
  return (
    compareText(a.sortKey, b.sortKey) ||
    Number(a.machineId !== undefined) - Number(b.machineId !== undefined) ||
    compareText(a.machineId ?? "", b.machineId ?? "") ||
    compareVersions(b.version, a.version)
  );
}

function compareCounters(a: BootCounter | undefined, b: BootCounter | undefined): number {
  if (a === undefined || b === undefined) return 0;
  return b.triesLeft - a.triesLeft || a.triesDone - b.triesDone;
}
