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
import { type AbsPath, below, parseRelPath, type RelPath } from "../path.ts";
import { type BlsEntry, type BlsField, blsValue, blsValues, formatBlsEntry } from "./bls-entry.ts";
import { type BootCounter, formatBootCounter, parseBootCounter } from "./boot-counter.ts";
import type { BootEntry, BootEntryContent, BootLoader, BootLoaderProbe, EntryName } from "./boot-loader.ts";
import { entriesDirectory, listFiles, readBootableEntries, readEntryFiles, readLoaderDefault } from "./entry-files.ts";
import { compareEntries, type EntryFile } from "./entry-order.ts";
import { BootError } from "./error.ts";
import { publishFile, removeDurably, UNFINISHED_SUFFIX } from "./publish-file.ts";

/** Groups our entries in the loader's order; entries of other systems on the machine keep their own. */
const SORT_KEY = "bootferry";
const NAME_PREFIX = "bootferry-";

export interface BlsDirectoryOptions {
  readonly boot: AbsPath;
  readonly exec: Exec;
  readonly kind: BootLoaderProbe["kind"];
  /** The value of the EFI variable LoaderEntryDefault; undefined when it is not set or there is none. */
  readonly readEfiDefault?: () => string | undefined;
}

/** @param text what follows `bootferry-` in the entry's name: letters, digits, `.`, `_` and `-`, which vfat keeps */
export function makeEntryName(text: string): EntryName {
  if (!/^[a-z0-9._-]+$/.test(text)) throw new TypeError(`not fit for an entry's name: ${JSON.stringify(text)}`);
  return `${NAME_PREFIX}${text}` as EntryName;
}

export function openBlsDirectory({ boot, exec, kind, readEfiDefault }: BlsDirectoryOptions): BootLoader {
  const directory = entriesDirectory(boot);

  /** The files of an entry, the one that counts first. */
  const filesOf = (name: EntryName): readonly EntryFile[] => ourFiles(boot).filter((file) => nameOf(file) === name);

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
      const files = ourFiles(boot);
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
      for (const name of new Set(ourFiles(boot).map(nameOf))) {
        for (const loser of filesOf(name).slice(1)) await removeDurably(exec, below(directory, loser.fileName));
      }
    },
  };
}

/** Ours, complete ones only; of two names of one entry the good one comes first, then the one that was tried more. */
function ourFiles(boot: AbsPath): readonly EntryFile[] {
  const rank = (file: EntryFile) => counterOf(file)?.triesLeft ?? -1;
  return readEntryFiles(boot)
    .filter((file) => file.fileName.startsWith(NAME_PREFIX) && parseOurEntry(file) !== undefined)
    .sort((a, b) => rank(a) - rank(b));
}

function findProblem(boot: AbsPath, efiDefault: string | undefined): string | undefined {
  if (efiDefault !== undefined) return `the EFI variable LoaderEntryDefault is set to ${JSON.stringify(efiDefault)}`;
  const fileDefault = readLoaderDefault(boot);
  if (fileDefault !== undefined) return `loader.conf sets the default ${JSON.stringify(fileDefault)}`;
  const [first] = readBootableEntries(boot);
  if (first === undefined || first.fileName.startsWith(NAME_PREFIX)) return undefined;
  return ourFiles(boot).length === 0 ? undefined : `the entry ${first.fileName} of another system is tried before ours`;
}

function blsEntryOf(content: BootEntryContent): BlsEntry {
  const field = (key: string, value: string | undefined): BlsField[] => (value === undefined ? [] : [{ key, value }]);
  return {
    fields: [
      ...field("title", content.title),
      ...field("version", String(content.serial)),
      ...field("machine-id", content.machineId),
      ...field("sort-key", SORT_KEY),
      ...field("linux", `/${content.linux}`),
      ...field("initrd", content.initrd === undefined ? undefined : `/${content.initrd}`),
      ...field("options", content.options.join(" ")),
    ],
  };
}

function parseOurEntry({ fileName, entry }: EntryFile): BootEntry | undefined {
  const name = parseBootCounter(fileName);
  const serial = Number(blsValue(entry, "version"));
  const linux = partitionPath(blsValue(entry, "linux"));
  if (name === undefined || !Number.isSafeInteger(serial) || linux === undefined) return undefined;
  return {
    name: name.stem as EntryName,
    counter: name.counter,
    title: blsValue(entry, "title") ?? "",
    serial,
    machineId: blsValue(entry, "machine-id"),
    linux,
    initrd: partitionPath(blsValue(entry, "initrd")),
    options: blsValues(entry, "options")
      .flatMap((value) => value.split(/\s+/))
      .filter((option) => option !== ""),
  };
}

/** Undefined also for what someone wrote there that is no plain path: such an entry is not ours any more. */
function partitionPath(text: string | undefined): RelPath | undefined {
  if (text === undefined) return undefined;
  try {
    return parseRelPath(text.replace(/^\/+/, ""));
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

function nameOf(file: EntryFile): EntryName {
  return (parseBootCounter(file.fileName)?.stem ?? file.fileName) as EntryName;
}

function counterOf(file: EntryFile | undefined): BootCounter | undefined {
  return file === undefined ? undefined : parseBootCounter(file.fileName)?.counter;
}

function readBytes(path: AbsPath): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw hostError(error, `reading ${path}`);
  }
}
