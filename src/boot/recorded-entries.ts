/**
 * The entries of a boot partition whose loader counts one entry at a time, put together from what says something about
 * them: what an entry boots stands in its BLS file, what it is worth in the loader's configuration, and the tries that
 * are left in the loader's own environment. Pure, but for reading the BLS files.
 */
import type { AbsPath } from "../path.ts";
import { blsValue, blsValues } from "./bls-entry.ts";
import { type BootCounter, formatBootCounter } from "./boot-counter.ts";
import { compareEntries, type EntryFile } from "./entry-order.ts";
import { nameOf, readOurFiles } from "./our-entry.ts";
import { type MenuEntry, parseRecords, type Standing } from "./standing.ts";

/** What the loader's environment says about the entry that it counts. */
export interface Trial {
  readonly entry: string | undefined;
  readonly triesLeft: number;
  /** Somebody has declared the boot a success, by the loader's own convention. */
  readonly isGood: boolean;
  /** It is over: another entry was started since. */
  readonly isLost: boolean;
}

export interface RecordedEntry {
  readonly file: EntryFile;
  /** As the configuration is to record it. */
  readonly standing: Standing;
  /** What it comes to together with the trial; undefined for a good entry. */
  readonly counter: BootCounter | undefined;
}

/**
 * The entries that the configuration records and that have a file, in boot order. Without a readable configuration, which
 * no power cut leaves, every file is an entry.
 * @param configuration undefined when there is none
 * @param trial undefined when there is none that the loader could read
 * @throws HostError
 */
export function readRecordedEntries(
  boot: AbsPath,
  configuration: string | undefined,
  trial: Trial | undefined,
): readonly RecordedEntry[] {
  const recorded = configuration === undefined ? undefined : parseRecords(configuration);
  const entries = readOurFiles(boot).flatMap((file) => {
    const standing = recorded === undefined ? guessStanding(file, trial) : recorded.get(nameOf(file));
    return standing === undefined ? [] : [makeRecordedEntry(file, standing, trial)];
  });
  return inBootOrder(entries);
}

/** An entry with what the trial says about it: much may have happened since the configuration was written. */
export function makeRecordedEntry(file: EntryFile, standing: Standing, trial: Trial | undefined): RecordedEntry {
  switch (standing.kind) {
    case "good":
      return { file, standing, counter: undefined };
    case "bad":
      return { file, standing, counter: { triesLeft: 0, triesDone: standing.triesDone } };
    case "counted": {
      const own = trial?.entry === nameOf(file) ? trial : undefined;
      if (own?.isGood) return good(file);
      if (own?.isLost) return bad(file, standing.tries);
      const triesLeft = own?.triesLeft ?? 0; // with no trial of its own a loader starts the good one
      return { file, standing, counter: { triesLeft, triesDone: Math.max(0, standing.tries - triesLeft) } };
    }
  }
}

export function good(file: EntryFile): RecordedEntry {
  return { file, standing: { kind: "good" }, counter: undefined };
}

export function bad(file: EntryFile, triesDone: number): RecordedEntry {
  return { file, standing: { kind: "bad", triesDone }, counter: { triesLeft: 0, triesDone } };
}

/** In boot order. */
export function menuEntriesOf(entries: readonly RecordedEntry[]): readonly MenuEntry[] {
  return inBootOrder(entries).map(({ file, standing }) => ({
    name: nameOf(file),
    standing,
    title: blsValue(file.entry, "title") ?? nameOf(file),
    linux: blsValue(file.entry, "linux") ?? "",
    initrd: blsValue(file.entry, "initrd"),
    options: blsValues(file.entry, "options").join(" "),
  }));
}

function guessStanding(file: EntryFile, trial: Trial | undefined): Standing {
  const isCounted = trial !== undefined && trial.entry === nameOf(file) && !trial.isGood;
  return isCounted ? { kind: "counted", tries: trial.triesLeft } : { kind: "good" };
}

function inBootOrder(entries: readonly RecordedEntry[]): readonly RecordedEntry[] {
  const asNamed = ({ file, counter }: RecordedEntry): EntryFile => ({
    fileName: formatBootCounter({ stem: nameOf(file), counter }),
    entry: file.entry,
  });
  return entries.toSorted((a, b) => compareEntries(asNamed(a), asNamed(b)));
}
