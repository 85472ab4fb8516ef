/**
 * The boot loader port on GRUB.
 *
 *     <boot>/loader/entries/<name>.conf    what an entry boots; no counter in the name
 *     <boot>/grub/bootferry.cfg            what GRUB reads: the entries in boot order, and what each is worth
 *     <boot>/grub/grubenv                  how many tries the counted one has left
 *     <boot>/grub/grub.cfg                 the integrator's: it sources bootferry.cfg
 *
 * Invariants: an entry exists when bootferry.cfg records it and its file is there, so that each change takes place in
 * one rename; only one entry is counted, and counting another one gives up the tries of the first; the good entries of
 * bootferry.cfg can be booted whatever grubenv holds. The boot partition has a journal (ext4): a rename is old or new.
 */
import type { Exec } from "../host/exec.ts";
import { type AbsPath, below } from "../path.ts";
import { formatBlsEntry } from "./bls-entry.ts";
import type { BootLoader, EntryName } from "./boot-loader.ts";
import { entriesDirectory, listFiles } from "./entry-files.ts";
import { BootError } from "./error.ts";
import { flushJournal, thaw } from "./flush-journal.ts";
import { MAX_GRUB_TRIES } from "./grub-config.ts";
import {
  type GrubEntry,
  grubConfigOf,
  grubFile,
  makeGrubEntry,
  readGrubEntries,
  readOptional,
  tryReadGrubEnvironment,
} from "./grub-entries.ts";
import {
  BOOT_COUNTER,
  BOOT_SUCCESS,
  COUNTED_ENTRY,
  formatGrubEnvironment,
  type GrubEnvironment,
} from "./grub-environment.ts";
import { findGrubProblem } from "./grub-problem.ts";
import { blsEntryOf, NAME_PREFIX, nameOf, parseOurEntry } from "./our-entry.ts";
import { publishFile, removeDurably, UNFINISHED_SUFFIX } from "./publish-file.ts";

export interface GrubLoaderOptions {
  readonly boot: AbsPath;
  readonly exec: Exec;
}

export function openGrubLoader({ boot, exec }: GrubLoaderOptions): BootLoader {
  const directory = entriesDirectory(boot);

  const publish = async (path: AbsPath, bytes: Uint8Array | string): Promise<void> => {
    if (readOptional(path)?.equals(Buffer.from(bytes))) return;
    await publishFile(exec, path, Buffer.from(bytes));
    await flushJournal(exec, boot);
  };
  const publishConfig = (text: string): Promise<void> => publish(grubFile(boot, "bootferry.cfg"), text);
  const publishEnvironment = (environment: GrubEnvironment): Promise<void> =>
    publish(grubFile(boot, "grubenv"), formatGrubEnvironment(environment));
  const removeFile = async (path: AbsPath): Promise<void> => {
    await removeDurably(exec, path);
    await flushJournal(exec, boot);
  };

  return {
    async probe() {
      return { kind: "grub", problem: findGrubProblem(boot) };
    },
    list() {
      return readGrubEntries(boot).flatMap(({ file, counter }) => {
        const entry = parseOurEntry(file);
        return entry === undefined ? [] : [{ ...entry, counter }];
      });
    },
    async arm(content, tries) {
      if (tries !== undefined && !(tries >= 1 && tries <= MAX_GRUB_TRIES)) {
        throw new TypeError(`GRUB counts from 1 to ${MAX_GRUB_TRIES} tries, not ${tries}`);
      }
      const entries = readGrubEntries(boot);
      if (entries.some(({ file }) => nameOf(file) === content.name)) {
        throw new BootError("BOOT_ENTRY_EXISTS", `there is a boot entry ${content.name} already`);
      }
      const others = tries === undefined ? entries : entries.map(withoutTries);
      const environment = withTries(tryReadGrubEnvironment(boot), content.name, tries);
      const standing = tries === undefined ? ({ kind: "good" } as const) : ({ kind: "counted", tries } as const);
      const file = { fileName: `${content.name}.conf`, entry: blsEntryOf(content) };
      // Made before anything is written, for GRUB may have no way to hand the arguments to the kernel.
      const config = grubConfigOf([...others, makeGrubEntry(file, standing, environment)]);

      // Nothing is counted any more after this: what was given up is bad, and bootferry.cfg does not ask grubenv.
      await publishConfig(grubConfigOf(others));
      // Cut here, grubenv counts an entry that bootferry.cfg does not have. The machine boots what it booted before.
      await publishEnvironment(environment);
      // Cut here, there is a file that bootferry.cfg does not record. It is no entry, and is swept.
      await publish(below(directory, file.fileName), formatBlsEntry(file.entry));
      await publishConfig(config);
    },
    async markGood(name) {
      const entries = readGrubEntries(boot);
      requireEntry(entries, name);
      const environment = tryReadGrubEnvironment(boot);
      // Cut after this, bootferry.cfg still asks grubenv, which says by then that the entry is good.
      if (environment?.get(COUNTED_ENTRY) === name) await publishEnvironment(declaredGood(environment));
      await publishConfig(grubConfigOf(entries.map((entry) => (nameOf(entry.file) === name ? good(entry) : entry))));
    },
    async markBad(name) {
      const entries = readGrubEntries(boot);
      requireEntry(entries, name);
      await publishConfig(grubConfigOf(entries.map((entry) => (nameOf(entry.file) === name ? bad(entry) : entry))));
    },
    async remove(name) {
      const entries = readGrubEntries(boot);
      const removed = entries.filter(({ file }) => nameOf(file) === name);
      if (removed.length === 0) return;
      // Cut after this, there is a file that bootferry.cfg does not record: swept, as above.
      await publishConfig(grubConfigOf(entries.filter((entry) => !removed.includes(entry))));
      for (const { file } of removed) await removeFile(below(directory, file.fileName));
    },
    async sweep() {
      await thaw(exec, boot);
      const entries = readGrubEntries(boot);
      await publishConfig(grubConfigOf(entries));
      const kept = entries.map(({ file }) => file.fileName);
      for (const fileName of listFiles(directory)) {
        if (fileName.startsWith(NAME_PREFIX) && !kept.includes(fileName)) await removeFile(below(directory, fileName));
      }
      for (const fileName of listFiles(below(boot, "grub"))) {
        if (fileName.endsWith(UNFINISHED_SUFFIX)) await removeFile(below(boot, "grub", fileName));
      }
    },
  };
}

function requireEntry(entries: readonly GrubEntry[], name: EntryName): void {
  if (entries.some(({ file }) => nameOf(file) === name)) return;
  throw new BootError("BOOT_ENTRY_MISSING", `there is no boot entry ${name}`);
}

function good(entry: GrubEntry): GrubEntry {
  return { ...entry, standing: { kind: "good" }, counter: undefined };
}

function bad({ file, counter }: GrubEntry): GrubEntry {
  const triesDone = counter?.triesDone ?? 0;
  return { file, standing: { kind: "bad", triesDone }, counter: { triesLeft: 0, triesDone } };
}

/** GRUB's environment counts one entry: another one that was counted loses the tries that it had left. */
function withoutTries(entry: GrubEntry): GrubEntry {
  return entry.standing.kind === "counted" ? bad(entry) : entry;
}

/** What other programs keep in the environment stays; a damaged one is begun anew. */
function withTries(before: GrubEnvironment | undefined, name: EntryName, tries: number | undefined): GrubEnvironment {
  if (tries === undefined) return before ?? new Map();
  const counting = [
    [BOOT_COUNTER, String(tries)],
    [BOOT_SUCCESS, "0"],
    [COUNTED_ENTRY, name],
  ] as const;
  return new Map([...(before ?? []), ...counting]);
}

function declaredGood(environment: GrubEnvironment): GrubEnvironment {
  const rest = [...environment].filter(([name]) => name !== BOOT_COUNTER);
  return new Map([...rest, [BOOT_SUCCESS, "1"]]);
}
