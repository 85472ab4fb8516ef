/**
 * The boot loader port on a loader that is told by a configuration of its own, and that counts one entry (GRUB, U-Boot).
 *
 *     <boot>/loader/entries/<name>.conf    what an entry boots; no counter in the name
 *     the loader's configuration           the entries in boot order, and what each is worth (standing.ts)
 *     the loader's environment             which entry is counted, and how many tries it has left
 *
 * Invariants: an entry exists when the configuration records it and its file is there, so that each change takes place
 * in one rename; only one entry is counted, and counting another one gives up the tries of the first; the good entries
 * boot whatever the environment holds. The boot partition has a journal (ext4): a rename is old or new.
 */
import type { Exec } from "../host/exec.ts";
import { type AbsPath, below } from "../path.ts";
import { formatBlsEntry } from "./bls-entry.ts";
import type { BootLoader, BootLoaderProbe, EntryName } from "./boot-loader.ts";
import { entriesDirectory, listFiles, readOptional } from "./entry-files.ts";
import type { EntryFile } from "./entry-order.ts";
import { BootError } from "./error.ts";
import { flushJournal, thaw } from "./flush-journal.ts";
import { blsEntryOf, NAME_PREFIX, nameOf, parseOurEntry } from "./our-entry.ts";
import { publishFile, removeDurably, UNFINISHED_SUFFIX } from "./publish-file.ts";
import {
  bad,
  good,
  makeRecordedEntry,
  menuEntriesOf,
  type RecordedEntry,
  readRecordedEntries,
  type Trial,
} from "./recorded-entries.ts";
import type { MenuEntry, Standing } from "./standing.ts";

/** What differs between the loaders. */
export interface RecordedLoaderTraits {
  readonly kind: BootLoaderProbe["kind"];
  /** The directory of its files on the boot partition. */
  readonly directory: AbsPath;
  /** The file with the records: the last one of {@link formatFiles}. */
  readonly recordFile: AbsPath;
  readonly maxTries: number;
  /** Whether tries are counted only while the counted entry is the first one; otherwise putting one before it ends it. */
  readonly canPause: boolean;
  /** All generated files, in the order in which they are to change. @throws BootError BOOT_ARGUMENT_UNFIT */
  formatFiles(entries: readonly MenuEntry[]): readonly { readonly path: AbsPath; readonly text: string }[];
  /** Undefined when the loader could not read its environment either. @throws HostError */
  readTrial(): Trial | undefined;
  /** Makes the environment count an entry, durably and at once. */
  startTrial(name: EntryName, tries: number): Promise<void>;
  /** Declares the counted entry good, durably and at once. */
  endTrial(): Promise<void>;
  /** Nothing is counted any more. */
  stopCounting(): Promise<void>;
  findProblem(): Promise<string | undefined>;
}

export function openRecordedLoader(boot: AbsPath, exec: Exec, traits: RecordedLoaderTraits): BootLoader {
  const directory = entriesDirectory(boot);

  const read = (): readonly RecordedEntry[] =>
    readRecordedEntries(boot, readOptional(traits.recordFile)?.toString("utf8"), traits.readTrial());
  const filesFor = (entries: readonly RecordedEntry[]) => traits.formatFiles(menuEntriesOf(entries));

  const publish = async (path: AbsPath, text: string): Promise<void> => {
    if (readOptional(path)?.equals(Buffer.from(text))) return;
    await publishFile(exec, path, Buffer.from(text));
    await flushJournal(exec, boot);
  };
  const publishEntries = async (entries: readonly RecordedEntry[]): Promise<void> => {
    for (const { path, text } of filesFor(entries)) await publish(path, text);
    if (!entries.some(({ standing }) => standing.kind === "counted")) await traits.stopCounting();
  };
  const removeFile = async (path: AbsPath): Promise<void> => {
    await removeDurably(exec, path);
    await flushJournal(exec, boot);
  };

  return {
    async probe() {
      return { kind: traits.kind, problem: await traits.findProblem() };
    },
    list() {
      return read().flatMap(({ file, counter }) => {
        const entry = parseOurEntry(file);
        return entry === undefined ? [] : [{ ...entry, counter }];
      });
    },
    async arm(content, tries) {
      if (tries !== undefined && !(tries >= 1 && tries <= traits.maxTries)) {
        throw new TypeError(`${traits.kind} counts from 1 to ${traits.maxTries} tries, not ${tries}`);
      }
      const entries = read();
      if (find(entries, content.name) !== undefined) {
        throw new BootError("BOOT_ENTRY_EXISTS", `there is a boot entry ${content.name} already`);
      }
      const others = tries === undefined && traits.canPause ? entries : entries.map(withoutTries);
      const file: EntryFile = { fileName: `${content.name}.conf`, entry: blsEntryOf(content) };
      const standing: Standing = tries === undefined ? { kind: "good" } : { kind: "counted", tries };
      const trial = { entry: content.name, triesLeft: tries ?? 0, isGood: false, isLost: false };
      const next = [...others, makeRecordedEntry(file, standing, trial)];
      filesFor(next); // before anything is written, for the loader may have no way to hand the arguments to the kernel

      // Cut in here: what was on trial may be given up already. A good one boots.
      await publishEntries(others);
      // Cut after this: an entry is counted that the configuration does not have. The machine boots what it booted before.
      if (tries !== undefined) await traits.startTrial(content.name, tries);
      // Cut after this: there is a file that the configuration does not record. It is no entry, and is swept.
      await publish(below(directory, file.fileName), formatBlsEntry(file.entry));
      await publishEntries(next);
    },
    async markGood(name) {
      const entries = read();
      requireEntry(entries, name);
      // Cut after this: the configuration still asks the environment, which says by then that the entry is good.
      if (traits.readTrial()?.entry === name) await traits.endTrial();
      await publishEntries(entries.map((entry) => (nameOf(entry.file) === name ? good(entry.file) : entry)));
    },
    async markBad(name) {
      const entries = read();
      requireEntry(entries, name);
      await publishEntries(entries.map((entry) => (nameOf(entry.file) === name ? givenUp(entry) : entry)));
    },
    async remove(name) {
      const entries = read();
      const removed = find(entries, name);
      if (removed === undefined) return;
      // Cut after this: there is a file that the configuration does not record, as above.
      await publishEntries(entries.filter((entry) => entry !== removed));
      await removeFile(below(directory, removed.file.fileName));
    },
    async sweep() {
      await thaw(exec, boot);
      const entries = read();
      await publishEntries(entries);
      const kept = entries.map(({ file }) => file.fileName);
      for (const fileName of listFiles(directory)) {
        if (fileName.startsWith(NAME_PREFIX) && !kept.includes(fileName)) await removeFile(below(directory, fileName));
      }
      for (const fileName of listFiles(traits.directory)) {
        if (fileName.endsWith(UNFINISHED_SUFFIX)) await removeFile(below(traits.directory, fileName));
      }
    },
  };
}

function find(entries: readonly RecordedEntry[], name: EntryName): RecordedEntry | undefined {
  return entries.find(({ file }) => nameOf(file) === name);
}

function requireEntry(entries: readonly RecordedEntry[], name: EntryName): void {
  if (find(entries, name) !== undefined) return;
  throw new BootError("BOOT_ENTRY_MISSING", `there is no boot entry ${name}`);
}

function givenUp({ file, counter }: RecordedEntry): RecordedEntry {
  return bad(file, counter?.triesDone ?? 0);
}

/** Only one entry is counted: another one that was loses the tries that it had left. */
function withoutTries(entry: RecordedEntry): RecordedEntry {
  return entry.standing.kind === "counted" ? givenUp(entry) : entry;
}
