/**
 * The boot loader port on a directory of Type 1 entries: systemd-boot on a device, and the simulated one.
 *
 * Invariants: a good entry is never changed; an entry under its name is complete; between the states of a counter there
 * is no moment without an entry, for the new name is published before the old one goes (systemd-bless-boot renames,
 * which on vfat can lose both to a power cut). Two names of one entry that a cut left are one entry to `list`, and
 * `sweep` removes the loser.
 */
import { readFileSync } from "node:fs";
import { hostError } from "../host/error.ts";
import type { Exec } from "../host/exec.ts";
import { type AbsPath, below } from "../path.ts";
import { formatBlsEntry } from "./bls-entry.ts";
import { type BootCounter, formatBootCounter } from "./boot-counter.ts";
import type { BootLoader, BootLoaderProbe, EntryName } from "./boot-loader.ts";
import { entriesDirectory, listFiles, readBootableEntries, readEntryFiles, readLoaderDefault } from "./entry-files.ts";
import { compareEntries, type EntryFile } from "./entry-order.ts";
import { BootError } from "./error.ts";
import { blsEntryOf, counterOf, NAME_PREFIX, nameOf, parseOurEntry, readOurFiles } from "./our-entry.ts";
import { publishFile, removeDurably, UNFINISHED_SUFFIX } from "./publish-file.ts";

export interface BlsDirectoryOptions {
  readonly boot: AbsPath;
  readonly exec: Exec;
  readonly kind: BootLoaderProbe["kind"];
  /** The value of the EFI variable LoaderEntryDefault; undefined when it is not set or there is none. */
  readonly readEfiDefault?: () => string | undefined;
}

export function openBlsDirectory({ boot, exec, kind, readEfiDefault }: BlsDirectoryOptions): BootLoader {
  const directory = entriesDirectory(boot);

  /** The files of an entry, the one that counts first. */
  const filesOf = (name: EntryName): readonly EntryFile[] => readOurFiles(boot).filter((file) => nameOf(file) === name);

  /** Gives an entry another counter: the new name first, the old ones after it. */
  const changeCounter = async (name: EntryName, counter: BootCounter | undefined): Promise<void> => {
    const [current] = filesOf(name);
    if (current === undefined) throw new BootError("BOOT_ENTRY_MISSING", `there is no boot entry ${name}`);
    const fileName = formatBootCounter({ stem: name, counter });
    if (current.fileName !== fileName) {
      await publishFile(exec, below(directory, fileName), readBytes(below(directory, current.fileName)));
    }
    for (const file of filesOf(name)) {
      if (file.fileName !== fileName) await removeDurably(exec, below(directory, file.fileName));
    }
  };

  return {
    async probe() {
      return { kind, problem: findProblem(boot, readEfiDefault?.()) };
    },
    list() {
      const files = readOurFiles(boot);
      const isFirstOfItsName = (file: EntryFile, index: number) =>
        files.findIndex((other) => nameOf(other) === nameOf(file)) === index;
      return files
        .filter(isFirstOfItsName)
        .sort(compareEntries)
        .flatMap((file) => parseOurEntry(file) ?? []);
    },
    async arm(content, tries) {
      if (filesOf(content.name).length > 0) {
        throw new BootError("BOOT_ENTRY_EXISTS", `there is a boot entry ${content.name} already`);
      }
      const counter = tries === undefined ? undefined : { triesLeft: tries, triesDone: 0 };
      const fileName = formatBootCounter({ stem: content.name, counter });
      await publishFile(exec, below(directory, fileName), Buffer.from(formatBlsEntry(blsEntryOf(content))));
    },
    markGood: (name) => changeCounter(name, undefined),
    async markBad(name) {
      const triesDone = counterOf(filesOf(name)[0])?.triesDone ?? 0;
      await changeCounter(name, { triesLeft: 0, triesDone });
    },
    async remove(name) {
      for (const file of filesOf(name)) await removeDurably(exec, below(directory, file.fileName));
    },
    async sweep() {
      const empty = readEntryFiles(boot).filter(({ entry }) => entry.fields.length === 0); // what vfat lost in a cut
      const unfinished = listFiles(directory).filter((fileName) => fileName.endsWith(UNFINISHED_SUFFIX));
      for (const fileName of [...empty.map((file) => file.fileName), ...unfinished]) {
        if (fileName.startsWith(NAME_PREFIX)) await removeDurably(exec, below(directory, fileName));
      }
      for (const name of new Set(readOurFiles(boot).map(nameOf))) {
        for (const loser of filesOf(name).slice(1)) await removeDurably(exec, below(directory, loser.fileName));
      }
    },
  };
}

function findProblem(boot: AbsPath, efiDefault: string | undefined): string | undefined {
  if (efiDefault !== undefined) return `the EFI variable LoaderEntryDefault is set to ${JSON.stringify(efiDefault)}`;
  const fileDefault = readLoaderDefault(boot);
  if (fileDefault !== undefined) return `loader.conf sets the default ${JSON.stringify(fileDefault)}`;
  const [first] = readBootableEntries(boot);
  if (first === undefined || first.fileName.startsWith(NAME_PREFIX)) return undefined;
  return readOurFiles(boot).length === 0
    ? undefined
    : `the entry ${first.fileName} of another system is tried before ours`;
}

function readBytes(path: AbsPath): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw hostError(error, `reading ${path}`);
  }
}
